"""Finds the weights of the layers in an exported graph."""

from collections.abc import Mapping
from types import MappingProxyType

import onnx

# At which inputs an operator takes weights: the factor of a product, the kernel, or those of the input and the state.
_WEIGHT_INPUTS: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {"MatMul": (1,), "Gemm": (1,), "Conv": (1,), "LSTM": (1, 2), "GRU": (1, 2)}
)
_TREES = "TreeEnsemble"


def find_weights(graph: onnx.GraphProto) -> list[onnx.TensorProto]:
    """The constant float matrices that layers multiply with, those of recurrent cells written as loops among them.

    Biases, scales, positions and the factors of calibrated intervals are not among them.
    """
    names = _used_as_weights(graph)
    return [
        tensor
        for tensor in graph.initializer
        if tensor.name in names and tensor.data_type == onnx.TensorProto.FLOAT and len(tensor.dims) > 1
    ]


def has_trees(graph: onnx.GraphProto) -> bool:
    """Whether the graph is one of decision trees."""
    return any(node.op_type.startswith(_TREES) for node in graph.node)


def _used_as_weights(graph: onnx.GraphProto) -> set[str]:
    names: set[str] = set()
    for node in graph.node:
        places = _WEIGHT_INPUTS.get(node.op_type, ())
        names.update(node.input[place] for place in places)
        for attribute in node.attribute:
            if attribute.type != onnx.AttributeProto.GRAPH:
                continue
            inner = _used_as_weights(attribute.g)  # a body names what lies outside, or takes it as an input
            names |= inner
            names.update(
                outer for outer, taken in zip(node.input, attribute.g.input, strict=False) if taken.name in inner
            )
    return names
