"""Fits the detector that `model_type` names, with what tells kinds of faults apart, and writes it as one graph."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import lightgbm as lgb
import numpy as np
import onnx
from onnx import compose, helper, numpy_helper

from metrify.anomaly.detector_model import DetectorModel
from metrify.anomaly.training.autoencoders import fit_autoencoder
from metrify.anomaly.training.class_graph import class_nodes, kind_share_output
from metrify.anomaly.training.detector_graph import EVIDENCE_FEATURES, input_shapes, write_graph
from metrify.anomaly.training.fault_classes import fit_fault_classes
from metrify.anomaly.training.forecast_residual import fit_forecast_residual
from metrify.anomaly.training.isolation_forest import fit_isolation_forest
from metrify.anomaly.training.one_class_svm import fit_one_class_svm
from metrify.anomaly.training.prepare_rows import PreparedRows
from metrify.config.anomaly_detection import AnomalyDetectionConfig

OnStep = Callable[[str], None]
Curve = list[dict[str, float]]


class FittedDetector(Protocol):
    """A detector that was fitted to mostly normal days."""

    @property
    def curve(self) -> Sequence[dict[str, float]]:
        """Its losses by epoch; nothing where it is not fitted in epochs."""

    def export_onnx(self, path: Path) -> None:
        """Writes its graph, from features to `score [N]`."""


_Fit = Callable[[PreparedRows, AnomalyDetectionConfig, Callable[[int, dict[str, float]], None]], FittedDetector]

_FITS: Mapping[str, _Fit] = {
    "autoencoder": lambda rows, config, on_epoch: fit_autoencoder(rows.normal, config, on_epoch),
    "lstm_autoencoder": lambda rows, config, on_epoch: fit_autoencoder(
        rows.normal, config, on_epoch, "lstm_autoencoder"
    ),
    "isolation_forest": lambda rows, config, on_epoch: fit_isolation_forest(rows.normal, config),
    "one_class_svm": lambda rows, config, on_epoch: fit_one_class_svm(rows.normal, config),
    "forecast_residual": lambda rows, config, on_epoch: fit_forecast_residual(rows.measured, config, on_epoch),
}


def fit_detector(prepared: PreparedRows, config: AnomalyDetectionConfig, path: Path, on_step: OnStep) -> Curve:
    """Fits a detector to prepared days, deterministic by seed, and writes its graph.

    What the graph calls `score` is that of the detector itself, or of an ensemble the odds of a fault: trees weigh the
    scores of its members and the evidence of a day, as they learnt from faults that were put into measured days. Trees
    also tell the kinds, in the graph of every detector: those of an ensemble, or others that are shared.

    Args:
        prepared: Days of training meters.
        config: What to fit.
        path: The ONNX file to write.
        on_step: Told what is being done.

    Returns:
        Losses of all that was fitted, by epoch or round from the first one on.

    Raises:
        AnomalyError: There is too little to fit.
    """
    is_ensemble = config.model_type == "ensemble"
    columns, members = [prepared.evidence] if is_ensemble else [], []
    curves: dict[str, Sequence[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory(prefix="metrify-detector-") as folder:
        for name in config.detectors:
            member = Path(folder) / f"{name}.onnx"
            curves[name] = _fit_member(name, prepared, config, member, on_step)
            members.append(compose.add_prefix(onnx.load(str(member)), f"{name}_", rename_inputs=False))
            if is_ensemble:
                columns.append(prepared.score(DetectorModel(member))[:, None])
    on_step("learning kinds of faults")
    classes = (
        fit_fault_classes(np.concatenate(columns, axis=1), prepared.classes, config, config.boosting_rounds)
        if is_ensemble
        else prepared.kind_trees
    )
    curves["kinds"] = classes.curve
    evidence = {name: prepared.features[name].shape[1:] for name in EVIDENCE_FEATURES}
    _write(classes.booster, members, config, evidence, path)
    return _joined(curves)


def _fit_member(
    name: str, prepared: PreparedRows, config: AnomalyDetectionConfig, path: Path, on_step: OnStep
) -> Sequence[dict[str, float]]:
    """Fits one detector without faults and writes its graph; returns its losses."""
    on_step(f"fitting {name}")
    fitted = _FITS[name](prepared, config, lambda epoch, losses: on_step(_told(name, epoch, losses)))
    fitted.export_onnx(path)
    return fitted.curve


def _told(name: str, epoch: int, losses: Mapping[str, float]) -> str:
    return f"{name}, epoch {epoch}: " + " ".join(f"{part}={value:.4g}" for part, value in losses.items())


def _joined(curves: Mapping[str, Sequence[dict[str, float]]]) -> Curve:
    """The losses of several fits side by side; a shorter one ends earlier."""
    steps = max(map(len, curves.values()))
    return [
        {
            f"{name}_{part}": value
            for name, curve in curves.items()
            if step < len(curve)
            for part, value in curve[step].items()
        }
        for step in range(steps)
    ]


def _write(
    trees: lgb.Booster,
    members: list[onnx.ModelProto],
    config: AnomalyDetectionConfig,
    evidence: dict[str, tuple[int, ...]],
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
    shapes = evidence | {name: shape for member in members for name, shape in input_shapes(member).items()}
    write_graph(nodes, [*constants, *class_constants], shapes, path, [kind_share_output()])
