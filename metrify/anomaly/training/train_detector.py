"""Trains a detector to its end: fitted to some meters, and set to a rate of false alarms on others."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from metrify.anomaly.detector_model import DetectorModel
from metrify.anomaly.meter_days import MeterDays
from metrify.anomaly.thresholds import fit_threshold
from metrify.anomaly.training.embed_threshold import embed_threshold
from metrify.anomaly.training.fit_detector import Curve, OnStep, fit_detector
from metrify.anomaly.training.prepare_rows import prepare_rows
from metrify.config.anomaly_detection import AnomalyDetectionConfig
from metrify.errors import AnomalyError


@dataclass(frozen=True)
class TrainedDetector:
    """A detector in a file.

    Attributes:
        threshold: The score above which a day is anomalous; it is part of the graph.
        curve: Losses of `fit_detector`.
    """

    threshold: float
    curve: Curve


def train_detector(days: MeterDays, config: AnomalyDetectionConfig, path: Path, on_step: OnStep) -> TrainedDetector:
    """Fits a detector, finds its threshold on meters that the fit has not seen, and puts it into the graph.

    Args:
        days: Of training meters, as they were measured.
        config: What to fit, and how rare false alarms are to be.
        path: The ONNX file to write.
        on_step: Told what is being done.

    Raises:
        AnomalyError: There are too few meters or days.
    """
    fitted, kept = split_for_threshold(days, config)
    on_step("putting faults into readings")
    curve = fit_detector(prepare_rows(days.choose(fitted), config), config, path, on_step)
    on_step(f"finding the threshold on {len(kept)} other meters")
    scores = DetectorModel(path).score_days(days.choose(kept)).score
    threshold = fit_threshold(scores, config.false_alarms_per_meter_month, config.max_gap_days, config.threshold_method)
    embed_threshold(path, threshold)
    return TrainedDetector(threshold, curve)


def split_for_threshold(days: MeterDays, config: AnomalyDetectionConfig) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the meters that a detector is fitted to, and of those that its threshold is fitted on; a seeded draw.

    Meters that share a profile stay together: a copy of what was fitted would look more usual than a new meter.

    Raises:
        AnomalyError: There are fewer than two meters, or all share one profile.
    """
    groups = np.arange(days.shape[0]) if days.groups is None else days.groups
    names = np.unique(groups)
    if len(names) < 2:
        raise AnomalyError(
            f"{len(groups)} meters of {len(names)} profile can't train a detector and its threshold.",
            "Bring two meters or more that do not share a profile.",
        )
    drawn = np.random.default_rng(config.seed).permutation(len(names))
    kept = min(max(round(len(names) * config.calibration_share), 1), len(names) - 1)
    is_kept = np.isin(groups, names[drawn[:kept]])
    return np.flatnonzero(~is_kept), np.flatnonzero(is_kept)
