"""Judges every meter and day of a dataset with a detector, and lists what a field crew should look at."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from metrify.anomaly.detector_model import DetectorModel
from metrify.anomaly.events import JudgedDays, find_events
from metrify.anomaly.meter_days import MeterDays, find_meter_days
from metrify.bundles.load import Bundle
from metrify.bundles.manifest import BundleManifest
from metrify.config import Home, MetrifyConfig
from metrify.errors import BundleError
from metrify.features.window_gaps import SMALLEST_VISIBLE_SHARE
from metrify.readings.dataset import METERS_FILE, DatasetInfo
from metrify.steps.accepted_readings import load_measured_readings
from metrify.steps.ingest_readings import ingest_readings
from metrify.steps.validate_readings import validate_readings
from metrify.units import intervals_per_day


@dataclass(frozen=True, eq=False)
class Detection:
    """What was found.

    Attributes:
        events: Of `find_events`, the most urgent first.
        judged: The days and their scores.
        not_judged: `meter_id` and `reason` of each meter of which no day was judged, also of one without any reading.
    """

    events: pd.DataFrame
    judged: JudgedDays
    not_judged: pd.DataFrame


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
    require_fitting_detector(bundle.manifest, info)
    day = intervals_per_day(info.resolution_minutes)
    days = find_meter_days(matrix, bundle.manifest.sequence_length // day - 1, info.timezone, info.country)
    parameters = config.training.anomaly_detection
    scores = DetectorModel(bundle.model_path).score_days(days)
    assert scores.is_anomaly is not None  # every bundle's graph decides
    judged = JudgedDays(days, scores, scores.is_anomaly, np.where(days.has_begun(), days.missing_share(), 0))
    most_missing = float(bundle.thresholds()["anomaly"]["max_missing_share"])
    listed = pd.read_parquet(dataset / METERS_FILE, columns=["meter_id"])["meter_id"]
    return Detection(find_events(judged, parameters.max_gap_days, most_missing), judged, _not_judged(days, listed))


def require_fitting_detector(manifest: BundleManifest, info: DatasetInfo) -> None:
    """Checks that a bundle can judge the days of a dataset.

    Raises:
        BundleError: It is none of a detector, or of another resolution or place.
    """
    if manifest.task != "anomaly-detection":
        raise BundleError(
            f"{manifest.name} {manifest.version} is no detector.", "Train one: `metrify train --models anomaly`."
        )
    keys = ("resolution_minutes", "timezone", "country")
    different = [
        f"{key} {getattr(manifest, key)} for {getattr(info, key)}"
        for key in keys
        if getattr(manifest, key) != getattr(info, key)
    ]
    if different:
        raise BundleError(
            f"The detector {manifest.version} can't judge {info.name}: {', '.join(different)}.",
            f"Train one on it: `metrify train --models anomaly --dataset {info.name}`.",
        )


def _not_judged(days: MeterDays, listed: pd.Series) -> pd.DataFrame:
    history = days.context.sequence_length // days.context.forecast_horizon - 1
    short = f"fewer than {SMALLEST_VISIBLE_SHARE:.0%} of the readings of {history} days before any day are there"
    lacking = days.matrix.meter_ids[~days.is_known().any(axis=1)].astype(str)
    silent = listed[~listed.isin(days.matrix.meter_ids)].sort_values().astype(str)
    reasons = [short] * len(lacking) + ["no reading is there that counts"] * len(silent)
    return pd.DataFrame({"meter_id": [*lacking, *silent], "reason": reasons})
