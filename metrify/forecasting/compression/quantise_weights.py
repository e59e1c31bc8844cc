"""8-bit weights: each matrix of weights becomes whole numbers of 8 bits and a scale.

Dynamic quantisation of ONNX Runtime, as in Jacob et al. 2018, arXiv 1712.05877: what a layer reads is quantised when it
is read, so nothing has to be calibrated. Products (MatMul, Gemm) and LSTM cells are quantised; loops are not, which is
how a GRU is exported, and nothing outside layers is.
"""

from pathlib import Path


def quantise_weights(path: Path, target: Path) -> None:
    """Writes a graph with 8-bit weights.

    Args:
        path: The graph.
        target: The file to write.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(str(path), str(target), weight_type=QuantType.QInt8)
