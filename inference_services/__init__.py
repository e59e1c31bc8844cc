"""InferenceServices: the predictor, the transformer, and the runner that serves a manifest locally."""
