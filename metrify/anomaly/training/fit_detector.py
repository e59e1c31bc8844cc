"""Fits the detector that `model_type` names, with what tells kinds of faults apart, and writes it as one graph."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
import onnx
from onnx import compose, helper, numpy_helper

from metrify.anomaly.detector_model import DetectorModel
from metrify.anomaly.meter_days import MeterDays
from metrify.anomaly.training.autoencoders import AUTOENCODER_FEATURES, fit_autoencoder
from metrify.anomaly.training.class_graph import class_nodes, kind_share_output
from metrify.anomaly.training.detector_graph import EVIDENCE_FEATURES, stack_evidence, write_graph
from metrify.anomaly.training.fault_classes import fit_fault_classes
from metrify.anomaly.training.fault_rows import NORMAL, build_fault_rows
from metrify.anomaly.training.isolation_forest import fit_isolation_forest
from metrify.anomaly.training.one_class_svm import fit_one_class_svm
from metrify.config.anomaly_detection import AnomalyDetectionConfig

DETECTOR_FEATURES = (*AUTOENCODER_FEATURES, *EVIDENCE_FEATURES)
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


def fit_detector(days: MeterDays, config: AnomalyDetectionConfig, path: Path, on_step: OnStep) -> None:
    """Fits a detector to the days of training meters, deterministic by seed, and writes its graph.

    What the graph calls `score` is that of the detector itself, or of an ensemble the odds of a fault: trees weigh the
    scores of its members and the evidence of a day, as they learnt from faults that were put into measured days. The
    same trees tell the kinds; they are part of the graph of every detector.

    Args:
        days: Of training meters, as they were measured.
        config: What to fit.
        path: The ONNX file to write.
        on_step: Told what is being done.
    """
    on_step("putting faults into readings")
    rows = build_fault_rows(days, DETECTOR_FEATURES, config.fault_copies, config.max_training_days, config.seed)
    normal = {name: values[rows.classes == NORMAL] for name, values in rows.features.items()}
    evidence, members = [stack_evidence(rows.features)], []
    with tempfile.TemporaryDirectory(prefix="metrify-detector-") as folder:
        for name in config.detectors:
            on_step(f"fitting {name}")
            member = Path(folder) / f"{name}.onnx"
            _FITS[name](normal, config).export_onnx(member)
            members.append(compose.add_prefix(onnx.load(str(member)), f"{name}_", rename_inputs=False))
            if config.model_type == "ensemble":
                evidence.append(DetectorModel(member).predict(rows.features)["score"][:, None])
    on_step("learning kinds of faults")
    booster = fit_fault_classes(np.concatenate(evidence, axis=1), rows, config)
    _write(booster, members, config, {name: values.shape[1] for name, values in rows.features.items()}, path)


def _write(
    booster: object, members: list[onnx.ModelProto], config: AnomalyDetectionConfig, widths: dict[str, int], path: Path
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
    of_classes, class_constants = class_nodes(booster, columns, "score" if is_ensemble else "odds")  # type: ignore[arg-type]
    nodes += of_classes
    if not is_ensemble:
        nodes.append(helper.make_node("Identity", scores, ["score"]))
    read = {name for node in nodes for name in node.input}
    inputs = {name: width for name, width in widths.items() if name in read}
    write_graph(nodes, [*constants, *class_constants], inputs, path, [kind_share_output()])
