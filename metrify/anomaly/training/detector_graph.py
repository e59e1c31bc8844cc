"""ONNX graphs of detectors: from features of a meter-day to one score."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

EVIDENCE_FEATURES = ("day_runs", "day_levels", "day_shape", "day_peaks")
TREE_DOMAIN = "ai.onnx.ml"
_OPSETS = (helper.make_opsetid("", 15), helper.make_opsetid(TREE_DOMAIN, 3))
_IR_VERSION = 8


def stack_evidence(features: Mapping[str, np.ndarray]) -> np.ndarray:
    """The columns of `EVIDENCE_FEATURES` side by side, `[N, F]`."""
    return np.concatenate([features[name] for name in EVIDENCE_FEATURES], axis=1)


def score_output() -> onnx.ValueInfoProto:
    """`score [N]`, higher where a day is more anomalous."""
    return helper.make_tensor_value_info("score", TensorProto.FLOAT, ["rows"])


def input_shapes(model: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    """Of a row of each input of a graph, by name."""
    return {
        tensor.name: tuple(size.dim_value for size in tensor.type.tensor_type.shape.dim[1:])
        for tensor in model.graph.input
    }


def write_graph(
    nodes: Sequence[onnx.NodeProto],
    constants: Iterable[onnx.TensorProto],
    shapes: Mapping[str, tuple[int, ...]],
    path: Path,
    outputs: Sequence[onnx.ValueInfoProto] = (),
) -> None:
    """Writes a graph.

    Args:
        nodes: In the order in which they are computed.
        constants: What they read beside the inputs.
        shapes: Of a row of each input, by name: `(f,)` where it is `[N, f]`.
        path: The file to write.
        outputs: Beside `score`.
    """
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows", *shape]) for name, shape in shapes.items()
    ]
    graph = helper.make_graph(list(nodes), "detector", inputs, [score_output(), *outputs], list(constants))
    model = helper.make_model(graph, opset_imports=list(_OPSETS), ir_version=_IR_VERSION)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
