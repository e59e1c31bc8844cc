"""Runs an InferenceService manifest as local processes."""
