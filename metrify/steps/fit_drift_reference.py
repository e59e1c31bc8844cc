"""Fits the drift reference of a dataset: the population that the model knows."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from metrify.bundles.manifest import Task
from metrify.config import Home, MetrifyConfig
from metrify.drift.detector import calibrate
from metrify.drift.features import WINDOW_DAYS, drift_features
from metrify.errors import GridError
from metrify.features.windows import cut_windows, local_midnights
from metrify.grid.feeder_files import read_feeder
from metrify.grid.forecasts.element_hours import element_hours
from metrify.readings.matrix import ReadingsMatrix
from metrify.readings.splits import split_time
from metrify.steps.accepted_readings import load_accepted_readings
from metrify.steps.impute_inputs import impute_inputs
from metrify.steps.reuse import DETECTOR_SECTION, NETWORK_PARAMETERS, SERVING_SECTIONS, reusable
from metrify.units import HOURS_PER_DAY, intervals_per_day

_METERS_PER_REPLAY = 100
_UNREAD = tuple(key for key in NETWORK_PARAMETERS if key != DETECTOR_SECTION)


@reusable(outputs=("reference", "thresholds"), ignores=(*SERVING_SECTIONS, *_UNREAD))
def fit_drift_reference(
    dataset: Path,
    verdicts: Path | None,
    reference: Path,
    thresholds: Path,
    config: MetrifyConfig,
    task: Task = "load-forecast",
    home: Home | None = None,
) -> dict[str, float]:
    """Draws reference weeks from train and validation time, and replays unchanged weeks to calibrate the detector.

    Those of a controller are hourly weeks of the feeder's loads and inverters, like meters: that is what it gets
    forecasts of, and drift of these makes its plans worse before anything else does. All of their time is drawn from,
    since what the year's seasons do must not look like drift.

    Args:
        dataset: Dataset folder, or for a controller that of `load_feeder`.
        verdicts: Folder of `validate_readings`; None for a controller.
        reference: Parquet file to write.
        thresholds: JSON file to write.
        config: The drift section, the seed, and the length of the windows that a model of the task reads.
        task: What the model is for.
        home: Where results of earlier runs are kept.

    Returns:
        How many reference rows there are.

    Raises:
        GridError: The profiles of a feeder are shorter than a window.
    """
    windows, day_length = _meter_windows(dataset, verdicts, config, task) if verdicts else _element_windows(dataset)
    meters, weeks_there = windows.shape[:2]
    seed = config.training.consumption_forecasting.seed
    generator = np.random.default_rng(seed)

    weeks = generator.integers(weeks_there, size=(meters, config.drift.reference_weeks_per_meter))
    drawn = windows[np.arange(meters)[:, None], weeks]
    rows = drift_features(drawn.reshape(-1, windows.shape[2]), day_length)

    def unchanged_week(draw: np.random.Generator) -> pd.DataFrame:
        chosen = draw.choice(meters, min(_METERS_PER_REPLAY, meters), replace=False)
        return drift_features(windows[chosen, draw.integers(weeks_there)], day_length)

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


def _meter_windows(dataset: Path, verdicts: Path, config: MetrifyConfig, task: Task) -> tuple[np.ndarray, int]:
    """Windows of the accepted meters that end at midnights before the test time, `[M, O, L]`, and a day's intervals."""
    info, _, measured = load_accepted_readings(dataset, verdicts)
    matrix, _ = impute_inputs(measured, info.timezone, config)  # the population that a server sees
    day_length = intervals_per_day(info.resolution_minutes)
    length = _window_length(config, task, day_length)
    step = pd.Timedelta(minutes=info.resolution_minutes)
    test_start = split_time(matrix.start, matrix.timestamps[-1] + step, config.splits).test_start
    origins = local_midnights(matrix.start + length * step, test_start, info.timezone)
    return cut_windows(matrix, origins, length), day_length


def _element_windows(feeder: Path) -> tuple[np.ndarray, int]:
    """Windows of a feeder's loads and inverters that end at midnights, `[M, O, L]` hourly, and a day's hours."""
    stored = read_feeder(feeder)
    hours, length = element_hours(stored.feeder, stored.profiles), WINDOW_DAYS * HOURS_PER_DAY
    start = pd.Timestamp(hours.start, tz="UTC")
    matrix = ReadingsMatrix(hours.names, start, 60, hours.kwh)
    end = start + pd.Timedelta(hours=hours.kwh.shape[1])
    if end - start < pd.Timedelta(hours=length):
        raise GridError(
            f"The profiles of {stored.feeder.network.name} have {hours.kwh.shape[1]} hours, and drift is seen in "
            f"{length}.",
            "Bring profiles of half a year.",
        )
    return cut_windows(
        matrix, local_midnights(start + pd.Timedelta(hours=length), end, stored.timezone), length
    ), HOURS_PER_DAY


def _window_length(config: MetrifyConfig, task: Task, day_length: int) -> int:
    """Intervals that a server reads for each row, since the distances depend on the length of the windows."""
    if task == "load-forecast":
        return config.training.consumption_forecasting.sequence_length
    return config.training.anomaly_detection.window_days * day_length
