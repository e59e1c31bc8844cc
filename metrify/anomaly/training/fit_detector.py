"""Fits the detector that `model_type` names, with what tells kinds of faults apart, and writes it as one graph."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import lightgbm as lgb
import numpy as np
import onnx
from onnx import compose, helper, numpy_helper

from metrify.anomaly.detector_model import DetectorModel
from metrify.anomaly.training.autoencoders import fit_autoencoder
from metrify.anomaly.training.class_graph import class_nodes, kind_share_output
from metrify.anomaly.training.detector_graph import EVIDENCE_FEATURES, write_graph
from metrify.anomaly.training.fault_classes import fit_fault_classes
from metrify.anomaly.training.isolation_forest import fit_isolation_forest
from metrify.anomaly.training.one_class_svm import fit_one_class_svm
from metrify.anomaly.training.prepare_rows import PreparedRows
from metrify.config.anomaly_detection import AnomalyDetectionConfig

OnStep = Callable[[str], None]


class FittedDetector(Protocol):
    """A detector that was fitted to mostly normal days."""

    def export_onnx(self, path: Path) -> None:
        """Writes its graph, from features to `score [N]`."""


_FITS: Mapping[str, Callable[[Mapping[str, np.ndarray], AnomalyDetectionConfig], FittedDetector]] = {
    "autoencoder": fit_autoencoder,
    "lstm_autoencoder": lambda features, config: fit_autoencoder(features, config, "lstm_autoencoder"),
    "isolation_forest": fit_isolation_forest,
    "one_class_svm": fit_one_class_svm,
}


def fit_detector(prepared: PreparedRows, config: AnomalyDetectionConfig, path: Path, on_step: OnStep) -> None:
    """Fits a detector to prepared days, deterministic by seed, and writes its graph.

    What the graph calls `score` is that of the detector itself, or of an ensemble the odds of a fault: trees weigh the
    scores of its members and the evidence of a day, as they learnt from faults that were put into measured days. Trees
    also tell the kinds, in the graph of every detector: those of an ensemble, or others that are shared.

    Args:
        prepared: Days of training meters.
        config: What to fit.
        path: The ONNX file to write.
        on_step: Told what is being done.
    """
    is_ensemble = config.model_type == "ensemble"
    columns, members = [prepared.evidence] if is_ensemble else [], []
    with tempfile.TemporaryDirectory(prefix="metrify-detector-") as folder:
        for name in config.detectors:
            on_step(f"fitting {name}")
            member = Path(folder) / f"{name}.onnx"
            _FITS[name](prepared.normal, config).export_onnx(member)
            members.append(compose.add_prefix(onnx.load(str(member)), f"{name}_", rename_inputs=False))
            if is_ensemble:
                columns.append(DetectorModel(member).predict(prepared.rows.features)["score"][:, None])
    on_step("learning kinds of faults")
    trees = (
        fit_fault_classes(np.concatenate(columns, axis=1), prepared.rows, config, config.boosting_rounds)
        if is_ensemble
        else prepared.kind_trees
    )
    _write(trees, members, config, {name: values.shape[1] for name, values in prepared.rows.features.items()}, path)


def _write(
    trees: lgb.Booster,
    members: list[onnx.ModelProto],
    config: AnomalyDetectionConfig,
    widths: dict[str, int],
    path: Path,
) -> None:
    nodes = [node for member in members for node in member.graph.node]
    constants = [constant for member in members for constant in member.graph.initializer]
    scores, columns = [f"{name}_score" for name in config.detectors], list(EVIDENCE_FEATURES)
    is_ensemble = config.model_type == "ensemble"
    if is_ensemble:
        constants.append(numpy_helper.from_array(np.array([1], np.int64), "score_column"))
        for score in scores:
            nodes.append(helper.make_node("Unsqueeze", [score, "score_column"], [f"{score}_column"]))
            columns.append(f"{score}_column")
    of_classes, class_constants = class_nodes(trees, columns, "score" if is_ensemble else "odds")
    nodes += of_classes
    if not is_ensemble:
        nodes.append(helper.make_node("Identity", scores, ["score"]))
    read = {name for node in nodes for name in node.input}
    inputs = {name: width for name, width in widths.items() if name in read}
    write_graph(nodes, [*constants, *class_constants], inputs, path, [kind_share_output()])
