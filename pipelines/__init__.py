"""Pipelines: one file a pipeline, readable from top to bottom as its graph."""
