"""Trains the platform's forecaster on a feeder's own loads and inverters, leaving the weeks of the evaluation out."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from metrify.config.schema import ConsumptionForecastingConfig
from metrify.errors import GridError
from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.specification import Feature, compute_features
from metrify.forecasting.training.rows import TrainingRows
from metrify.forecasting.training.train_model import train_model
from metrify.grid.forecasts.element_hours import ElementHours
from metrify.units import HOURS_PER_DAY

_ORIGIN_HOURS = 3  # between origins, since forecasts are made anew as often
_VALIDATION_WEEKS = 6  # of which one is kept to choose and calibrate on
_VALIDATION_ROWS = 8_000

OnStep = Callable[[int, dict[str, float]], None]


def train_feeder_forecaster(
    hours: ElementHours,
    held_out: np.ndarray,
    config: ConsumptionForecastingConfig,
    features: Sequence[Feature],
    context: FeatureContext,
    path: Path,
    on_step: OnStep,
) -> int:
    """Fits, calibrates and exports a forecaster; returns how many windows it was fitted to.

    Args:
        hours: Readings of the elements.
        held_out: `[H]` bool, hours that neither windows nor targets may touch.
        config: Of the model; at most `max_training_windows` are drawn, by its seed.
        features: That it reads.
        context: Of its windows; its horizon is that of the forecasts.
        path: ONNX file to write.
        on_step: Called after each epoch, see `train_model`.

    Raises:
        GridError: There is no window.
    """
    length, horizon = context.sequence_length, context.forecast_horizon
    origins = np.arange(length, hours.kwh.shape[1] - horizon + 1, _ORIGIN_HOURS)
    touched = np.concatenate([[0], held_out.cumsum()])
    origins = origins[touched[origins + horizon] == touched[origins - length]]
    if len(origins) < _VALIDATION_WEEKS * 7 * HOURS_PER_DAY // _ORIGIN_HOURS:
        raise GridError(
            f"Of {hours.kwh.shape[1]} hours too few are left to learn forecasts from.", "Bring profiles of half a year."
        )
    is_kept = origins // (7 * HOURS_PER_DAY) % _VALIDATION_WEEKS == _VALIDATION_WEEKS // 2
    draw = np.random.default_rng(config.seed)

    def rows(of: np.ndarray, most: int) -> TrainingRows:
        meters, begins = (part.ravel() for part in np.meshgrid(np.arange(len(hours.names)), of, indexing="ij"))
        chosen = np.sort(draw.choice(len(meters), min(most, len(meters)), replace=False))
        meters, begins = meters[chosen], begins[chosen]
        windows = np.lib.stride_tricks.sliding_window_view(hours.kwh, length, axis=1)[meters, begins - length]
        targets = np.lib.stride_tricks.sliding_window_view(hours.kwh, horizon, axis=1)[meters, begins]
        at = hours.start + begins.astype("timedelta64[h]")
        names = hours.names[meters]
        batch = FeatureBatch(np.ascontiguousarray(windows), at, context, None, meter_ids=names, static={})
        return TrainingRows(compute_features(features, batch), np.ascontiguousarray(targets))

    train, validation = rows(origins[~is_kept], config.max_training_windows), rows(origins[is_kept], _VALIDATION_ROWS)
    train_model(train, validation, config, HOURS_PER_DAY, path, on_step)
    return len(train)
