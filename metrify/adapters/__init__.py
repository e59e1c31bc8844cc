"""Adapters: the only code that talks to Feast, MLflow, Kubernetes and object stores."""
