"""Training of what forecasts and controls a feeder; TensorFlow is imported here."""
