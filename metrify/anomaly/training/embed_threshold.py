"""Puts the threshold into a detector's graph, so that what decides is served with what scores."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

IS_ANOMALY = "is_anomaly"
_THRESHOLD = "threshold"


def embed_threshold(graph: Path, threshold: float) -> None:
    """Adds the output `is_anomaly [N]`, whether `score` lies above the threshold; one that is there is replaced.

    Args:
        graph: ONNX file of `fit_detector`, which is changed.
        threshold: Of `fit_threshold`, as float32.
    """
    model = onnx.load(str(graph))
    for items in (model.graph.node, model.graph.initializer, model.graph.output):
        for item in [item for item in items if item.name in (IS_ANOMALY, _THRESHOLD)]:
            items.remove(item)
    model.graph.initializer.append(numpy_helper.from_array(np.array(threshold, np.float32), _THRESHOLD))
    model.graph.node.append(helper.make_node("Greater", ["score", _THRESHOLD], [IS_ANOMALY], name=IS_ANOMALY))
    model.graph.output.append(helper.make_tensor_value_info(IS_ANOMALY, TensorProto.BOOL, ["rows"]))
    onnx.checker.check_model(model)
    onnx.save(model, str(graph))
