"""How well the daily peak is forecast: its size, which a feeder must carry, and its time."""

from dataclasses import dataclass

import numpy as np

from metrify.errors import ForecastError
from metrify.forecasting.evaluation.losses import require_forecasts


@dataclass(frozen=True)
class PeakErrors:
    """Means over days.

    Attributes:
        size: Mean of |largest forecast - largest actual| / largest actual.
        timing_intervals: Mean distance between the intervals in which they lie; of equal ones the first counts.
        days: How many days were scored.
    """

    size: float
    timing_intervals: float
    days: int


def peak_errors(point: np.ndarray, actual: np.ndarray, day_length: int) -> PeakErrors:
    """Errors of the daily peaks of each row.

    A day begins at the origin or a multiple of 24 hours later. It is scored where all of it was measured, since its
    peak may lie in a gap, and where its largest actual is positive.

    Args:
        point: `[N, H]` kWh.
        actual: `[N, H]` kWh, NaN where not measured.
        day_length: Intervals in a day.

    Raises:
        ForecastError: The horizon is not made of whole days, no day can be scored, or a measured interval has no
            forecast.

    Example:
        >>> peak_errors(np.array([[1.0, 3.0, 1.0]]), np.array([[4.0, 1.0, 1.0]]), 3)
        PeakErrors(size=0.25, timing_intervals=1.0, days=1)
    """
    require_forecasts(point, actual)
    horizon = actual.shape[-1]
    if day_length < 1 or horizon % day_length:
        raise ForecastError(
            f"A horizon of {horizon} intervals is not made of days of {day_length}.", "Forecast whole days."
        )
    forecast_days, actual_days = point.reshape(-1, day_length), actual.reshape(-1, day_length)
    scored = ~np.isnan(actual_days).any(axis=1)
    scored[scored] = actual_days[scored].max(axis=1) > 0
    if not scored.any():
        raise ForecastError("No day was measured wholly and has a positive peak.", "Score days without gaps.")
    forecast_days, actual_days = forecast_days[scored], actual_days[scored].astype(np.float64)
    peaks = actual_days.max(axis=1)
    sizes = np.abs(forecast_days.max(axis=1) - peaks) / peaks
    distances = np.abs(forecast_days.argmax(axis=1) - actual_days.argmax(axis=1))
    return PeakErrors(float(sizes.mean()), float(distances.mean()), len(peaks))
