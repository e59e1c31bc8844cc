"""Writes trees as one ONNX graph with the inputs and the output of a network."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import lightgbm as lgb
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from metrify.forecasting.training.export import export_onnx
from metrify.forecasting.training.tree_columns import MIDDLE_KWH, SIZE_KWH

_TREE_OPERATORS = helper.make_opsetid("ai.onnx.ml", 3)


def export_trees(columns: keras.Model, boosters: Sequence[lgb.Booster], non_negative: bool, path: Path) -> None:
    """Writes the columns, the trees that read them, and what makes quantiles in kWh of their answers.

    What the trees answer is sorted, so that no quantiles cross: Chernozhukov, Fernandez-Val and Galichon 2010,
    doi 10.3982/ECTA7880.

    Args:
        columns: See `build_columns`.
        boosters: `[Q]` trees by level, lowest first.
        non_negative: Whether quantiles below 0 are 0.
        path: The file to write.
    """
    export_onnx(columns, path)
    model = onnx.load(str(path))
    model.opset_import.append(_TREE_OPERATORS)
    table = model.graph.output[0].name
    horizon, width = columns.output.shape[1:]
    answers = [f"tree_level_{number}" for number in range(len(boosters))]
    model.graph.node.append(helper.make_node("Reshape", [table, "tree_row_shape"], ["tree_rows"]))
    model.graph.node.extend(
        tree_node(booster, "tree_rows", answer) for booster, answer in zip(boosters, answers, strict=True)
    )
    last = "signed_kwh" if non_negative else "flat_kwh"
    model.graph.node.extend(
        [
            helper.make_node("Concat", answers, ["tree_answers"], axis=1),
            helper.make_node("TopK", ["tree_answers", "tree_levels"], ["rising", "rank"], axis=1, largest=0),
            helper.make_node("Gather", ["tree_rows", "size_column"], ["size_kwh"], axis=1),
            helper.make_node("Gather", ["tree_rows", "middle_column"], ["middle_kwh"], axis=1),
            helper.make_node("Mul", ["rising", "size_kwh"], ["deviation_kwh"]),
            helper.make_node("Add", ["deviation_kwh", "middle_kwh"], [last]),
            *([helper.make_node("Relu", [last], ["flat_kwh"])] if non_negative else []),
            helper.make_node("Reshape", ["flat_kwh", "quantiles_shape"], ["quantiles_kwh"]),
        ]
    )
    constants = {
        "tree_row_shape": [-1, width],
        "tree_levels": [len(boosters)],
        "size_column": [width + SIZE_KWH],
        "middle_column": [width + MIDDLE_KWH],
        "quantiles_shape": [-1, horizon, len(boosters)],
    }
    model.graph.initializer.extend(
        numpy_helper.from_array(np.array(values, np.int64), name) for name, values in constants.items()
    )
    del model.graph.output[:]
    shape = ["rows", horizon, len(boosters)]
    model.graph.output.append(helper.make_tensor_value_info("quantiles_kwh", TensorProto.FLOAT, shape))
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def tree_node(booster: lgb.Booster, table: str, answer: str) -> onnx.NodeProto:
    """The trees of one level, or those of several classes in turn, as an operator.

    Thresholds are rounded down to float32, so that every float32 value falls to the side where LightGBM, which compares
    in float64, has it; rounded to the nearest, as converters have it, a threshold may pass the value above it.

    Args:
        booster: Trees without categorical splits and without missing values.
        table: Name of the tensor `[M, F]` that they read, or one with more columns behind these.
        answer: Name of what they answer, `[M, K]`: a column for each class, one where there are none.
    """
    trees, columns = booster.dump_model()["tree_info"], booster.num_model_per_iteration()
    nodes = [
        (number, place, node)
        for number, tree in enumerate(trees)
        for place, node in enumerate(_flatten(tree["tree_structure"]))
    ]
    leaves = [(number, place, node["leaf_value"]) for number, place, node in nodes if "leaf_value" in node]
    splits = [node if "threshold" in node else {} for _, _, node in nodes]
    return helper.make_node(
        "TreeEnsembleRegressor",
        [table],
        [answer],
        domain=_TREE_OPERATORS.domain,
        n_targets=columns,
        nodes_treeids=[number for number, _, _ in nodes],
        nodes_nodeids=[place for _, place, _ in nodes],
        nodes_modes=["BRANCH_LEQ" if split else "LEAF" for split in splits],
        nodes_featureids=[split.get("split_feature", 0) for split in splits],
        nodes_values=round_down([split.get("threshold", 0.0) for split in splits]),
        nodes_truenodeids=[split.get("left", 0) for split in splits],
        nodes_falsenodeids=[split.get("right", 0) for split in splits],
        target_treeids=[number for number, _, _ in leaves],
        target_nodeids=[place for _, place, _ in leaves],
        target_ids=[number % columns for number, _, _ in leaves],
        target_weights=[value for _, _, value in leaves],
    )


def _flatten(root: dict[str, Any]) -> list[dict[str, Any]]:
    """The nodes of a tree, each before its children, which it names by their place in the list."""
    nodes = [dict(root)]
    for node in nodes:  # which grows
        for side in ("left", "right"):
            if child := node.pop(f"{side}_child", None):
                node[side] = len(nodes)
                nodes.append(dict(child))
    return nodes


def round_down(values: list[float]) -> list[float]:
    """The largest float32 numbers that are not above some thresholds."""
    exact = np.array(values)
    nearest = exact.astype(np.float32)
    return np.where(nearest > exact, np.nextafter(nearest, np.float32(-np.inf)), nearest).tolist()
