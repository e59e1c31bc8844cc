"""What a forecast loses at each interval. All losses are NaN where nothing was measured, so nothing is scored there."""

from collections.abc import Sequence

import numpy as np

from metrify.errors import ForecastError


def require_forecasts(forecast: np.ndarray, actual: np.ndarray) -> None:
    """Refuses a forecast that leaves out measured intervals: without the hard ones it would look better than it is.

    Args:
        forecast: `[...]` or `[..., Q]` kWh.
        actual: `[...]` kWh, NaN where not measured.

    Raises:
        ForecastError: The shapes don't fit, or a measured interval has no forecast.
    """
    if forecast.shape[: actual.ndim] != actual.shape or forecast.ndim > actual.ndim + 1:
        raise ForecastError(
            f"Forecasts have shape {list(forecast.shape)} and actuals {list(actual.shape)}.",
            "Give forecasts and actuals of the same rows and intervals.",
        )
    present = np.isfinite(forecast)
    if forecast.ndim > actual.ndim:
        present = present.all(axis=-1)
    absent = int((~present & ~np.isnan(actual)).sum())
    if absent:
        raise ForecastError(
            f"{absent} measured intervals have no forecast.",
            "Score, and compare, models on the rows for which each of them has a forecast.",
        )


def absolute_errors(point: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """Sizes of the errors.

    Args:
        point: `[...]` kWh.
        actual: `[...]` kWh, NaN where not measured.

    Returns:
        `[...]` kWh.

    Raises:
        ForecastError: The shapes differ, or a measured interval has no forecast.
    """
    require_forecasts(point, actual)
    return np.abs(point - actual)


def pinball_losses(quantiles: np.ndarray, actual: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """Pinball losses, averaged over the levels.

    The loss of a quantile q at level t is t (y - q) where the actual y lies above it and (1 - t) (q - y) below:
    Koenker and Bassett 1978, doi 10.2307/1913643.

    Args:
        quantiles: `[..., Q]` kWh.
        actual: `[...]` kWh, NaN where not measured.
        levels: The Q quantile levels.

    Returns:
        `[...]` kWh.

    Raises:
        ForecastError: The shapes don't fit, or a measured interval has no forecast.

    Example:
        >>> float(pinball_losses(np.array([[8.0, 14.0]]), np.array([10.0]), (0.25, 0.75))[0])
        0.75
    """
    require_forecasts(quantiles, actual)
    if quantiles.shape[-1] != len(levels):
        raise ForecastError(
            f"There are {quantiles.shape[-1]} quantiles and {len(levels)} levels.", "Give one level for each quantile."
        )
    total = np.zeros(actual.shape)
    for column, level in enumerate(levels):  # one level after the other, since [..., Q] in float64 may be gigabytes
        error = actual - quantiles[..., column]
        total += np.maximum(level * error, (level - 1) * error)
    return total / len(levels)


def inside_interval(quantiles: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """1 where the actual lies between the lowest and the highest quantile or on them, else 0.

    Args:
        quantiles: `[..., Q]` kWh, lowest first.
        actual: `[...]` kWh, NaN where not measured.

    Returns:
        `[...]`.

    Raises:
        ForecastError: The shapes don't fit, or a measured interval has no forecast.
    """
    require_forecasts(quantiles, actual)
    inside = (actual >= quantiles[..., 0]) & (actual <= quantiles[..., -1])
    return np.where(np.isnan(actual), np.nan, inside)


def interval_widths(quantiles: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """Distances from the lowest to the highest quantile, `[...]` kWh, at the intervals that coverage counts.

    Args:
        quantiles: `[..., Q]` kWh, lowest first.
        actual: `[...]` kWh, NaN where not measured.

    Raises:
        ForecastError: The shapes don't fit, or a measured interval has no forecast.
    """
    require_forecasts(quantiles, actual)
    return np.where(np.isnan(actual), np.nan, quantiles[..., -1] - quantiles[..., 0])
