"""Errors in units of what the seasonal naive forecast loses in sample: comparable between meters of any size.

Hyndman and Koehler 2006, doi 10.1016/j.ijforecast.2006.03.001.
"""

import numpy as np

from metrify.errors import ForecastError
from metrify.forecasting.evaluation.losses import absolute_errors


def seasonal_scale(history: np.ndarray, season: int) -> np.ndarray:
    """Mean absolute difference to the reading one season earlier, in sample.

    Args:
        history: `[N, L]` kWh of the training time, NaN where not measured.
        season: Intervals in a season, for instance those of a week.

    Returns:
        `[N]` kWh; NaN where no two readings lie a season apart.

    Raises:
        ForecastError: The history is not longer than a season.

    Example:
        >>> seasonal_scale(np.array([[1.0, 2.0, 2.0, 5.0], [1.0, 2.0, 1.0, np.nan]]), 2)
        array([2., 0.])
    """
    if not 0 < season < history.shape[1]:
        raise ForecastError(
            f"A history of {history.shape[1]} intervals has no two readings {season} intervals apart.",
            "Give a season of at least one interval and a history that is longer.",
        )
    differences = np.abs(history[:, season:] - history[:, :-season])
    counts = (~np.isnan(differences)).sum(axis=1)
    totals = np.nansum(differences, axis=1, dtype=np.float64)
    return np.divide(totals, counts, out=np.full(len(history), np.nan), where=counts > 0)


def scaled_errors(point: np.ndarray, actual: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Absolute errors over the scale of their row.

    Args:
        point: `[N, H]` kWh.
        actual: `[N, H]` kWh, NaN where not measured.
        scale: `[N]` kWh, that of `seasonal_scale` for the row's meter.

    Returns:
        `[N, H]`; NaN where nothing was measured, and in rows whose scale is zero or NaN: a meter that repeats itself
        to the last digit, or has no history, gives no unit to measure in.

    Raises:
        ForecastError: The shapes don't fit, or a measured interval has no forecast.
    """
    errors = absolute_errors(point, actual)
    if scale.shape != (len(errors),):
        raise ForecastError(
            f"There are scales of shape {list(scale.shape)} for {len(errors)} rows.", "Give one scale for each row."
        )
    return errors / np.where(scale > 0, scale, np.nan)[:, None]


def mase(point: np.ndarray, actual: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Mean absolute scaled error of each row; below 1, it beats the in-sample seasonal naive forecast.

    Args:
        point: `[N, H]` kWh.
        actual: `[N, H]` kWh, NaN where not measured.
        scale: `[N]` kWh, see `seasonal_scale`.

    Returns:
        `[N]`; NaN where nothing was measured or the scale is zero or NaN.

    Raises:
        ForecastError: The shapes don't fit, or a measured interval has no forecast.

    Example:
        >>> mase(np.array([[1.0, 4.0]]), np.array([[2.0, np.nan]]), np.array([0.5]))
        array([2.])
    """
    errors = scaled_errors(point, actual, scale)
    counts = (~np.isnan(errors)).sum(axis=1)
    totals = np.nansum(errors, axis=1, dtype=np.float64)
    return np.divide(totals, counts, out=np.full(len(errors), np.nan), where=counts > 0)
