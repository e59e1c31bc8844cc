"""Forecasting: baselines, evaluation and, under `training`, the networks. Only `training` knows TensorFlow."""
