"""The predictor: answers a tensor request from a model bundle with ONNX Runtime."""
