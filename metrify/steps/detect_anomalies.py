"""Judges every meter and day of a dataset with a detector, and lists what a field crew should look at."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from metrify.anomaly.detector_model import DetectorModel
from metrify.anomaly.evaluation.false_alarms import DAYS_PER_MONTH
from metrify.anomaly.events import JudgedDays, find_events
from metrify.anomaly.meter_days import MeterDays, find_meter_days
from metrify.bundles.load import Bundle
from metrify.bundles.manifest import MANIFEST_FILE, BundleManifest
from metrify.config import Home, MetrifyConfig
from metrify.errors import BundleError
from metrify.features.window_gaps import SMALLEST_VISIBLE_SHARE
from metrify.readings.dataset import METERS_FILE, DatasetInfo
from metrify.steps.accepted_readings import load_measured_readings
from metrify.steps.ingest_readings import ingest_readings
from metrify.steps.validate_readings import validate_readings
from metrify.units import intervals_per_day

_PLACE = ("resolution_minutes", "timezone", "country")


@dataclass(frozen=True, eq=False)
class Detection:
    """What was found.

    Attributes:
        events: Of `find_events`, the most urgent first.
        judged: The days and their scores.
        not_judged: `meter_id` and `reason` of each meter of which no day was judged, also of one without any reading.
        expected_false_alarms: In that time at most, by what the threshold is fitted to.
    """

    events: pd.DataFrame
    judged: JudgedDays
    not_judged: pd.DataFrame
    expected_false_alarms: float


def detect_anomalies(source: str, bundle: Bundle, scratch: Path, config: MetrifyConfig, home: Home) -> Detection:
    """Judges a dataset as it was measured: also readings and meters that are kept out of forecasts.

    Args:
        source: Name of the dataset.
        bundle: Of a detector, verified.
        scratch: Where the dataset goes with its pseudonyms.
        config: Quality, and how days become events.
        home: Where datasets and keys lie.

    Raises:
        AnomalyError: The readings are too short.
        BundleError: The bundle is none of a detector, or of another resolution or place.
        DatasetError: The dataset is unknown or unreadable, or has no reading.
    """
    dataset, verdicts = scratch / "dataset", scratch / "verdicts"
    ingest_readings(source, dataset, home)
    validate_readings(dataset, verdicts, config, home, needs_accepted=False)
    info, _, matrix = load_measured_readings(dataset, verdicts, accepted_only=False)
    require_fitting_detector(bundle.manifest, info, home)
    day = intervals_per_day(info.resolution_minutes)
    days = find_meter_days(matrix, bundle.manifest.sequence_length // day - 1, info.timezone, info.country)
    parameters = config.training.anomaly_detection
    scores = DetectorModel(bundle.model_path).score_days(days)
    assert scores.is_anomaly is not None  # every bundle's graph decides
    judged = JudgedDays(days, scores, scores.is_anomaly, np.where(days.has_begun(), days.missing_share(), 0))
    limits = bundle.thresholds()["anomaly"]
    most_missing = float(limits["max_missing_share"])
    expected = float(limits["false_alarms_per_meter_month"]) * int(np.isfinite(scores.score).sum()) / DAYS_PER_MONTH
    listed = pd.read_parquet(dataset / METERS_FILE, columns=["meter_id"])["meter_id"]
    return Detection(
        find_events(judged, parameters.max_gap_days, most_missing), judged, _not_judged(days, listed), expected
    )


def require_fitting_detector(manifest: BundleManifest, info: DatasetInfo, home: Home) -> None:
    """Checks that a bundle can judge the days of a dataset.

    Args:
        manifest: Of the bundle.
        info: Of the dataset.
        home: Where a bundle may lie that can.

    Raises:
        BundleError: It is none of a detector, or of another resolution or place.
    """
    if manifest.task != "anomaly-detection":
        raise BundleError(
            f"{manifest.name} {manifest.version} is no detector.", "Train one: `metrify train --models anomaly`."
        )
    different = [
        f"{key} {getattr(manifest, key)} for {getattr(info, key)}"
        for key in _PLACE
        if getattr(manifest, key) != getattr(info, key)
    ]
    if different:
        fitting = _find_fitting(home, manifest.name, info)
        raise BundleError(
            f"The detector {manifest.version} can't judge {info.name}: {', '.join(different)}.",
            f"{fitting.name} can: name it with `--bundle {fitting}`, or serve it with `metrify rollout promote "
            f"{fitting.name}`."
            if fitting
            else f"Train one on it: `metrify train --models anomaly --dataset {info.name}`.",
        )


def _find_fitting(home: Home, name: str, info: DatasetInfo) -> Path | None:
    """The newest bundle of a home that reads the intervals of a dataset's place; who loads it verifies it."""
    for path in sorted(home.bundles.glob(f"{name}/[!.]*/{MANIFEST_FILE}"), key=_changed, reverse=True):
        values = json.loads(path.read_text(encoding="utf-8"))
        if all(values.get(key) == getattr(info, key) for key in _PLACE):
            return path.parent
    return None


def _changed(path: Path) -> int:
    return path.stat().st_mtime_ns


def _not_judged(days: MeterDays, listed: pd.Series) -> pd.DataFrame:
    history = days.context.sequence_length // days.context.forecast_horizon - 1
    short = f"fewer than {SMALLEST_VISIBLE_SHARE:.0%} of the readings of {history} days before any day are there"
    lacking = days.matrix.meter_ids[~days.is_known().any(axis=1)].astype(str)
    silent = listed[~listed.isin(days.matrix.meter_ids)].sort_values().astype(str)
    reasons = [short] * len(lacking) + ["no reading is there that counts"] * len(silent)
    return pd.DataFrame({"meter_id": [*lacking, *silent], "reason": reasons})
