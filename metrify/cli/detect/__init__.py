"""`metrify detect`."""
