"""The model bundle: a signed folder of ONNX, JSON and Parquet. Nothing else is ever loaded by a server."""
