"""Fits the drift reference of a dataset: the population that the model knows."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from metrify.bundles.manifest import Task
from metrify.config import Home, MetrifyConfig
from metrify.drift.detector import calibrate
from metrify.drift.features import drift_features
from metrify.features.windows import cut_windows, local_midnights
from metrify.readings.splits import split_time
from metrify.steps.accepted_readings import load_accepted_readings
from metrify.steps.impute_inputs import impute_inputs
from metrify.steps.reuse import DETECTOR_SECTION, NETWORK_PARAMETERS, SERVING_SECTIONS, reusable
from metrify.units import intervals_per_day

_METERS_PER_REPLAY = 100
_UNREAD = tuple(key for key in NETWORK_PARAMETERS if key != DETECTOR_SECTION)


@reusable(outputs=("reference", "thresholds"), ignores=(*SERVING_SECTIONS, *_UNREAD))
def fit_drift_reference(
    dataset: Path,
    verdicts: Path,
    reference: Path,
    thresholds: Path,
    config: MetrifyConfig,
    task: Task = "load-forecast",
    home: Home | None = None,
) -> dict[str, float]:
    """Draws reference weeks from train and validation time, and replays unchanged weeks to calibrate the detector.

    Args:
        dataset: Dataset folder.
        verdicts: Folder of `validate_readings`.
        reference: Parquet file to write.
        thresholds: JSON file to write.
        config: The drift section, the seed, and the length of the windows that a model of the task reads.
        task: What the model is for.
        home: Where results of earlier runs are kept.

    Returns:
        How many reference rows there are.
    """
    info, _, measured = load_accepted_readings(dataset, verdicts)
    matrix, _ = impute_inputs(measured, info.timezone, config)  # the population that a server sees
    day_length = intervals_per_day(info.resolution_minutes)
    length = _window_length(config, task, day_length)
    step = pd.Timedelta(minutes=info.resolution_minutes)
    test_start = split_time(matrix.start, matrix.timestamps[-1] + step, config.splits).test_start
    origins = local_midnights(matrix.start + length * step, test_start, info.timezone)
    windows = cut_windows(matrix, origins, length)
    seed = config.training.consumption_forecasting.seed
    generator = np.random.default_rng(seed)

    weeks = generator.integers(len(origins), size=(len(windows), config.drift.reference_weeks_per_meter))
    rows = drift_features(windows[np.arange(len(windows))[:, None], weeks].reshape(-1, length), day_length)

    def unchanged_week(draw: np.random.Generator) -> pd.DataFrame:
        meters = draw.choice(len(windows), min(_METERS_PER_REPLAY, len(windows)), replace=False)
        return drift_features(windows[meters, draw.integers(len(origins))], day_length)

    distances = calibrate(rows, unchanged_week, config.drift, seed)
    rows.to_parquet(reference, index=False)
    settings = {
        "p_value": config.drift.p_value,
        "min_rows": config.drift.min_meters,
        "max_meters": config.drift.max_meters,
        "null_distances": distances,
    }
    thresholds.write_text(json.dumps({"drift": settings}), encoding="utf-8")
    return {"reference_rows": len(rows)}


def _window_length(config: MetrifyConfig, task: Task, day_length: int) -> int:
    """Intervals that a server reads for each row, since the distances depend on the length of the windows."""
    if task == "load-forecast":
        return config.training.consumption_forecasting.sequence_length
    return config.training.anomaly_detection.window_days * day_length
