"""Detectors that are fitted: TensorFlow, scikit-learn and LightGBM live here, and no server imports it."""
