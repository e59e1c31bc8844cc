"""Trains the platform's forecaster on a feeder's own loads and inverters, and forecasts them all year."""

from pathlib import Path

import numpy as np

from metrify.config import Home, MetrifyConfig
from metrify.grid.feeder_files import read_feeder
from metrify.grid.forecasts.element_hours import ElementHours, element_hours
from metrify.grid.forecasts.feeder_settings import forecaster_context, forecaster_features, forecaster_settings
from metrify.grid.forecasts.forecast_files import write_forecasts
from metrify.grid.forecasts.hourly_forecaster import HourlyForecaster, HourlyForecasts
from metrify.grid.training_weeks import held_out_hours, judged_weeks
from metrify.steps.progress import Countdown, tell_progress
from metrify.steps.reuse import UNREAD_BY_CONTROLLERS, reusable
from metrify.units import HOURS_PER_DAY

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
        Windows that it was fitted to, forecasts that were made, and how far those of a day ahead in the weeks of the
        evaluation are off, beside the same hours of the day before: WAPE of the elements, RMSE of what flows in.

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
    return {"windows": windows, "forecasts": len(origins), **_first_day_errors(made, hours, held_out)}


def _joined(parts: list[HourlyForecasts]) -> HourlyForecasts:
    names = ("origins", "mean_kw", "quantiles_kw")
    return HourlyForecasts(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _first_day_errors(made: HourlyForecasts, hours: ElementHours, held_out: np.ndarray) -> dict[str, float]:
    """Errors of forecasts of whole days that were held out, and of the day before; none where there is no such day.

    Elements are judged by their medians, and their sum by the sum of their means, since each is made for that.
    """
    ahead = np.arange(HOURS_PER_DAY)
    inside = made.origins[made.origins + HOURS_PER_DAY <= len(held_out)]
    inside = inside[held_out[inside[:, None] + ahead].all(axis=1)]
    if not len(inside):
        return {}
    came, before = (hours.kwh[:, inside[:, None] + ahead - lag].transpose(1, 2, 0) for lag in (0, HOURS_PER_DAY))
    found = np.searchsorted(made.origins, inside)
    quantiles, mean = made.quantiles_kw[found, :HOURS_PER_DAY], made.mean_kw[found, :HOURS_PER_DAY]
    median, sign = quantiles[..., quantiles.shape[-1] // 2], np.where(np.arange(len(hours.names)) < hours.loads, 1, -1)
    whole = max(float(came.sum()), 1e-9)
    return {
        "wape": float(np.abs(median - came).sum()) / whole,
        "wape_day_before": float(np.abs(before - came).sum()) / whole,
        "net_rmse_kw": _root_mean_square((mean - came) @ sign),
        "net_rmse_kw_day_before": _root_mean_square((before - came) @ sign),
    }


def _root_mean_square(errors: np.ndarray) -> float:
    return float(np.sqrt((errors**2).mean()))
