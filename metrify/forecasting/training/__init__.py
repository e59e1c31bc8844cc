"""Training of the networks. This is the only part of forecasting that imports TensorFlow."""
