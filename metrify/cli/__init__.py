"""The `metrify` command."""
