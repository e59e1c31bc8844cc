"""Accuracy of point and quantile forecasts, one figure over all intervals that were measured.

Each of them raises `ForecastError` where nothing was measured, where the load that it divides by is zero, and where a
measured interval has no forecast.
"""

from collections.abc import Sequence

import numpy as np

from metrify.errors import ForecastError
from metrify.forecasting.evaluation.losses import absolute_errors, inside_interval, interval_widths, pinball_losses


def wape(point: np.ndarray, actual: np.ndarray) -> float:
    """Weighted absolute percentage error: the sum of absolute errors over the sum of absolute actuals.

    Hyndman and Koehler 2006, doi 10.1016/j.ijforecast.2006.03.001, call it MAD/Mean.

    Args:
        point: `[...]` kWh.
        actual: `[...]` kWh, NaN where not measured.

    Example:
        >>> wape(np.array([1.0, 3.0, 9.0]), np.array([2.0, 2.0, np.nan]))
        0.5
    """
    return _sum(absolute_errors(point, actual)) / _load(actual)


def nrmse(point: np.ndarray, actual: np.ndarray) -> float:
    """Root mean squared error over the mean absolute actual, which for a load is its mean.

    The CV(RMSE) of ASHRAE Guideline 14, with the number of intervals in the place of its degrees of freedom.

    Args:
        point: `[...]` kWh.
        actual: `[...]` kWh, NaN where not measured.

    Example:
        >>> nrmse(np.array([2.0, 6.0]), np.array([2.0, 2.0])) == 2**0.5
        True
    """
    squares = absolute_errors(point, actual).astype(np.float64) ** 2
    return float(np.sqrt(_mean(squares)) * _count(actual) / _load(actual))


def pinball(quantiles: np.ndarray, actual: np.ndarray, levels: Sequence[float]) -> float:
    """Sum of the pinball loss over the sum of absolute actuals, averaged over the levels.

    At the median alone it is half the WAPE. It is half the weighted quantile loss.

    Args:
        quantiles: `[..., Q]` kWh.
        actual: `[...]` kWh, NaN where not measured.
        levels: The Q quantile levels.

    Example:
        >>> pinball(np.array([[8.0, 14.0]]), np.array([10.0]), (0.25, 0.75))
        0.075
    """
    return _sum(pinball_losses(quantiles, actual, levels)) / _load(actual)


def weighted_quantile_loss(quantiles: np.ndarray, actual: np.ndarray, levels: Sequence[float]) -> float:
    """Twice the pinball loss, averaged over the levels, over the sum of absolute actuals.

    The mean of the rho-risks of Salinas et al. 2020, doi 10.1016/j.ijforecast.2019.07.001, and the `wQL` of GluonTS. At
    the median alone it is the WAPE.

    Args:
        quantiles: `[..., Q]` kWh.
        actual: `[...]` kWh, NaN where not measured.
        levels: The Q quantile levels.

    Example:
        >>> weighted_quantile_loss(np.array([[8.0, 14.0]]), np.array([10.0]), (0.25, 0.75))
        0.15
    """
    return 2 * pinball(quantiles, actual, levels)


def coverage(quantiles: np.ndarray, actual: np.ndarray) -> float:
    """Share of the actuals that lie between the lowest and the highest quantile or on them.

    Args:
        quantiles: `[..., Q]` kWh, lowest first.
        actual: `[...]` kWh, NaN where not measured.

    Example:
        >>> coverage(np.array([[1.0, 3.0], [1.0, 3.0]]), np.array([2.0, 4.0]))
        0.5
    """
    return _mean(inside_interval(quantiles, actual))


def mean_interval_width(quantiles: np.ndarray, actual: np.ndarray) -> float:
    """Mean distance from the lowest to the highest quantile, kWh: the sharpness that belongs to a coverage.

    Args:
        quantiles: `[..., Q]` kWh, lowest first.
        actual: `[...]` kWh; intervals that were not measured don't count, as in `coverage`.

    Example:
        >>> mean_interval_width(np.array([[1.0, 3.0], [1.0, 5.0], [0.0, 9.0]]), np.array([2.0, 4.0, np.nan]))
        3.0
    """
    return _mean(interval_widths(quantiles, actual))


def _sum(values: np.ndarray) -> float:
    return float(np.nansum(values, dtype=np.float64))


def _mean(values: np.ndarray) -> float:
    return _sum(values) / _count(values)


def _count(values: np.ndarray) -> int:
    count = int((~np.isnan(values)).sum())
    if not count:
        raise ForecastError("Nothing was measured at these intervals.", "Score intervals that have readings.")
    return count


def _load(actual: np.ndarray) -> float:
    load = _sum(np.abs(actual))
    if not load:
        raise ForecastError(
            f"The load of {_count(actual)} measured intervals sums to zero, so no error can be a share of it.",
            "Leave meters without consumption out.",
        )
    return load
