"""Trees of classes as ONNX operators: from evidence to how likely each kind of fault is, and the odds of a fault."""

from collections.abc import Sequence

import lightgbm as lgb
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from metrify.anomaly.kinds import Kind
from metrify.anomaly.training.fault_rows import KINDS, NORMAL
from metrify.forecasting.training.tree_graph import tree_node

KIND_SHARE = "kind_share"
_OTHERS = (NORMAL, KINDS.index(Kind.VACANCY) + 1)


def class_nodes(
    booster: lgb.Booster, columns: Sequence[str], odds: str
) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """Operators and constants from tensors `[N, f]` to `kind_share [N, K]`, by `KINDS`, and the odds `[N]`.

    The odds are the logarithm of how much likelier a day is one of a fault than one that is normal or of an empty home.

    Args:
        booster: Trees of `fit_fault_classes`.
        columns: Names of the tensors that make up what the trees read, in their order.
        odds: What the odds are called.
    """
    constants = {
        "fault_classes": [number for number in range(len(KINDS) + 1) if number not in _OTHERS],
        "other_classes": list(_OTHERS),
        "kind_classes": list(range(1, len(KINDS) + 1)),
    }
    nodes = [
        helper.make_node("Concat", list(columns), ["class_evidence"], axis=1),
        tree_node(booster, "class_evidence", "margins"),
        helper.make_node("Softmax", ["margins"], ["class_share"], axis=1),
        helper.make_node("Gather", ["class_share", "kind_classes"], [KIND_SHARE], axis=1),
    ]
    for name in ("fault", "other"):
        chosen, margin = f"{name}_margins", f"{name}_margin"
        nodes.append(helper.make_node("Gather", ["margins", f"{name}_classes"], [chosen], axis=1))
        nodes.append(helper.make_node("ReduceLogSumExp", [chosen], [margin], axes=[1], keepdims=0))
    nodes.append(helper.make_node("Sub", ["fault_margin", "other_margin"], [odds]))
    return nodes, [numpy_helper.from_array(np.array(values, np.int64), name) for name, values in constants.items()]


def kind_share_output() -> onnx.ValueInfoProto:
    """`kind_share [N, K]`."""
    return helper.make_tensor_value_info(KIND_SHARE, TensorProto.FLOAT, ["rows", len(KINDS)])
