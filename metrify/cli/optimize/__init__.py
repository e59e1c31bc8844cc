"""`metrify optimize`."""
