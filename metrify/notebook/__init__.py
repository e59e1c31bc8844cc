"""Doors for notebooks: thin, one file a subject, and behind each the same rooms that the pipelines and servers use."""
