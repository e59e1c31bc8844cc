"""Trains the platform's forecaster on a feeder's own loads and inverters, and forecasts them all year."""

from pathlib import Path

import numpy as np

from metrify.config import Home, MetrifyConfig
from metrify.grid.feeder_files import read_feeder
from metrify.grid.forecasts.element_hours import element_hours
from metrify.grid.forecasts.feeder_settings import forecaster_context, forecaster_features, forecaster_settings
from metrify.grid.forecasts.forecast_files import write_forecasts
from metrify.grid.forecasts.hourly_forecaster import HourlyForecaster, HourlyForecasts
from metrify.grid.training_weeks import held_out_hours, judged_weeks
from metrify.steps.progress import Countdown, tell_progress
from metrify.steps.reuse import UNREAD_BY_CONTROLLERS, reusable

_ORIGIN_HOURS = 3  # between forecasts
_ORIGINS_AT_ONCE = 200
_UNREAD = (*UNREAD_BY_CONTROLLERS, "grid")


@reusable(outputs=("model", "forecasts"), ignores=_UNREAD)
def forecast_feeder(
    feeder: Path, model: Path, forecasts: Path, config: MetrifyConfig, home: Home | None = None
) -> dict[str, float]:
    """Fits a forecaster to the hours that controllers are not judged on, and forecasts from every third hour.

    Windows and targets that it is fitted to touch none of the weeks of the evaluation. The weeks that controllers learn
    from and are chosen by are among them: forecasts of these are a little better than those of a time to come.

    Args:
        feeder: Folder of `load_feeder`.
        model: ONNX file to write.
        forecasts: File to write, see `read_forecasts`.
        config: The section `training.grid_optimization`.
        home: Where results of earlier runs are kept.

    Returns:
        Windows that it was fitted to, forecasts that were made, and in the weeks of the evaluation the WAPE of the
        elements' first day beside that of the same hours of the day before.

    Raises:
        GridError: The profiles are too short to learn and to judge, or their time zone is of no country.
    """
    from metrify.forecasting.onnx_model import OnnxModel
    from metrify.grid.training.train_forecaster import train_feeder_forecaster

    stored, parameters = read_feeder(feeder), config.training.grid_optimization
    hours = element_hours(stored.feeder, stored.profiles)
    held_out = held_out_hours(stored.profiles, judged_weeks(stored.profiles, stored.timezone))
    settings, features = forecaster_settings(parameters), forecaster_features()
    context = forecaster_context(parameters, stored.timezone)
    steps = settings.steps_of_training
    countdown = Countdown(steps)

    def tell(step: int, losses: dict[str, float]) -> None:
        tell_progress(f"forecaster, step {step}/{steps} loss={losses['loss']:.4g}, {countdown.left(step)}")

    windows = train_feeder_forecaster(hours, held_out, settings, features, context, model, tell)
    forecaster = HourlyForecaster(OnnxModel(model), features, context)
    origins = np.arange(forecaster.history_hours, hours.kwh.shape[1], _ORIGIN_HOURS)
    parts = []
    for first in range(0, len(origins), _ORIGINS_AT_ONCE):
        parts.append(forecaster.forecast(hours, origins[first : first + _ORIGINS_AT_ONCE]))
        tell_progress(f"forecast from {min(first + _ORIGINS_AT_ONCE, len(origins)):,} of {len(origins):,} hours")
    made = _joined(parts)
    write_forecasts(forecasts, made)
    return {"windows": windows, "forecasts": len(origins), **_first_day_errors(made, hours.kwh, held_out)}


def _joined(parts: list[HourlyForecasts]) -> HourlyForecasts:
    names = ("origins", "mean_kw", "quantiles_kw")
    return HourlyForecasts(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _first_day_errors(made: HourlyForecasts, kwh: np.ndarray, held_out: np.ndarray) -> dict[str, float]:
    """WAPE of forecasts of whole days that were held out, and of the day before; none where there is no such day."""
    ahead = np.arange(24)
    inside = made.origins[made.origins + 24 <= len(held_out)]
    inside = inside[held_out[inside[:, None] + ahead].all(axis=1)]
    if not len(inside):
        return {}
    came, before = (kwh[:, inside[:, None] + ahead - lag].transpose(1, 2, 0) for lag in (0, 24))
    forecast = made.mean_kw[np.searchsorted(made.origins, inside), :24]
    whole = max(float(came.sum()), 1e-9)
    return {
        "wape": float(np.abs(forecast - came).sum()) / whole,
        "wape_day_before": float(np.abs(before - came).sum()) / whole,
    }
