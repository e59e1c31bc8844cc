"""An isolation forest: days that few random cuts set apart from others are unusual.

Liu, Ting and Zhou 2008, doi 10.1109/ICDM.2008.17.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper
from sklearn.ensemble import IsolationForest

from metrify.anomaly.training.detector_graph import EVIDENCE_FEATURES, TREE_DOMAIN, stack_evidence, write_graph
from metrify.config.anomaly_detection import AnomalyDetectionConfig
from metrify.forecasting.training.tree_graph import round_down

_EULER = 0.5772156649
_DAYS_OF_A_TREE = 256


class FittedForest:
    """A forest from the evidence of a day to `score [N]`, between 0 and 1.

    Args:
        forest: Fitted.
        shapes: Of a row of each feature of the evidence.
    """

    def __init__(self, forest: IsolationForest, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self.forest, self._shapes = forest, shapes

    @property
    def curve(self) -> tuple[dict[str, float], ...]:
        """None: it is grown at one go."""
        return ()

    def export_onnx(self, path: Path) -> None:
        """Writes its graph: the mean depth of a day in all trees, and `2 ** (-depth / usual depth)`."""
        usual = float(_mean_depth(np.array([self.forest.max_samples_]))[0])
        nodes = [
            helper.make_node("Concat", list(self._shapes), ["evidence"], axis=1),
            _depth_node(self.forest, "evidence", "depth"),
            helper.make_node("Mul", ["depth", "per_usual_depth"], ["power"]),
            helper.make_node("Pow", ["two", "power"], ["scores"]),
            helper.make_node("Squeeze", ["scores", "score_axis"], ["score"]),
        ]
        constants = {
            "per_usual_depth": np.array(-1 / usual, np.float32),
            "two": np.array(2, np.float32),
            "score_axis": np.array([1], np.int64),
        }
        write_graph(
            nodes, [numpy_helper.from_array(values, name) for name, values in constants.items()], self._shapes, path
        )


def fit_isolation_forest(features: Mapping[str, np.ndarray], config: AnomalyDetectionConfig) -> FittedForest:
    """Grows trees of random cuts, deterministic by seed.

    Args:
        features: Those of `EVIDENCE_FEATURES`.
        config: Number of trees and seed.
    """
    forest = IsolationForest(
        n_estimators=config.forest_trees, max_samples=_DAYS_OF_A_TREE, random_state=config.seed, n_jobs=1
    )
    forest.fit(stack_evidence(features))
    return FittedForest(forest, {name: features[name].shape[1:] for name in EVIDENCE_FEATURES})


def _mean_depth(days: np.ndarray) -> np.ndarray:
    """The mean depth at which one of so many days is alone, equation 1 of the paper."""
    many = np.maximum(days, 3).astype(np.float64)
    depth = 2 * (np.log(many - 1) + _EULER) - 2 * (many - 1) / many
    return np.where(days > 2, depth, np.where(days == 2, 1.0, 0.0))


def _depth_node(forest: IsolationForest, table: str, answer: str) -> onnx.NodeProto:
    """The mean depth of rows in the trees as an operator."""
    attributes: dict[str, list[float] | list[int] | list[str]] = {
        name: []
        for name in (
            *(f"nodes_{part}" for part in ("treeids", "nodeids", "modes", "featureids", "values")),
            *("nodes_truenodeids", "nodes_falsenodeids"),
            *(f"target_{part}" for part in ("treeids", "nodeids", "ids", "weights")),
        )
    }
    for number, (estimator, columns) in enumerate(zip(forest.estimators_, forest.estimators_features_, strict=True)):
        tree = estimator.tree_
        places = np.arange(tree.node_count)
        is_leaf = tree.children_left == -1
        depth = tree.compute_node_depths() - 1
        leaves = places[is_leaf]
        weight = (depth[leaves] + _mean_depth(tree.n_node_samples[leaves])) / len(forest.estimators_)
        added = {
            "nodes_treeids": np.full(len(places), number),
            "nodes_nodeids": places,
            "nodes_modes": np.where(is_leaf, "LEAF", "BRANCH_LEQ"),
            "nodes_featureids": np.where(is_leaf, 0, columns[np.maximum(tree.feature, 0)]),
            "nodes_values": np.array(round_down(np.where(is_leaf, 0.0, tree.threshold).tolist())),
            "nodes_truenodeids": np.where(is_leaf, 0, tree.children_left),
            "nodes_falsenodeids": np.where(is_leaf, 0, tree.children_right),
            "target_treeids": np.full(len(leaves), number),
            "target_nodeids": leaves,
            "target_ids": np.zeros(len(leaves), int),
            "target_weights": weight,
        }
        for name, values in added.items():
            attributes[name] += values.tolist()
    return helper.make_node("TreeEnsembleRegressor", [table], [answer], domain=TREE_DOMAIN, n_targets=1, **attributes)
