"""Forecasting: baselines, evaluation, intervals, reconciliation, and `training`, which alone knows TensorFlow."""
