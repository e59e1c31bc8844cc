"""Magnitude pruning: the smallest weights of each layer become zero.

Han et al. 2015, arXiv 1506.02626, without their training afterwards. ONNX Runtime multiplies zeros like other numbers,
and the file keeps its size; what gets smaller is what is stored or sent compressed.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from metrify.forecasting.compression.weights import find_weights


def prune_weights(path: Path, target: Path, share: float) -> float:
    """Writes a graph whose smallest weights are zero.

    Args:
        path: The graph.
        target: The file to write.
        share: Of the weights of each layer, between 0 and 1.

    Returns:
        The share of all weights of layers that is zero now.
    """
    model = onnx.load(str(path))
    zeros = total = 0
    for tensor in find_weights(model.graph):
        weights = numpy_helper.to_array(tensor).copy()
        smallest = np.argsort(np.abs(weights), axis=None, kind="stable")[: int(share * weights.size)]
        weights.ravel()[smallest] = 0
        tensor.CopyFrom(numpy_helper.from_array(weights, tensor.name))
        zeros, total = zeros + int((weights == 0).sum()), total + weights.size
    onnx.save(model, str(target))
    return zeros / total if total else 0.0
