"""Accuracy of point and quantile forecasts."""

from collections.abc import Sequence

import numpy as np


def wape(forecast_kwh: np.ndarray, actual_kwh: np.ndarray) -> float:
    """Weighted absolute percentage error: the sum of absolute errors over the sum of absolute actuals.

    Hyndman and Koehler 2006, doi 10.1016/j.ijforecast.2006.03.001, call it MAD/Mean.

    Example:
        >>> wape(np.array([1.0, 3.0]), np.array([2.0, 2.0]))
        0.5
    """
    return float(np.abs(forecast_kwh - actual_kwh).sum(dtype=np.float64) / np.abs(actual_kwh).sum(dtype=np.float64))


def pinball(quantiles_kwh: np.ndarray, actual_kwh: np.ndarray, levels: Sequence[float]) -> float:
    """Sum of the pinball loss over the sum of the load, averaged over the levels.

    Args:
        quantiles_kwh: `[..., Q]`.
        actual_kwh: `[...]`.
        levels: The Q quantile levels.
    """
    levels_array = np.asarray(levels)
    error = actual_kwh[..., None] - quantiles_kwh
    loss = np.maximum(levels_array * error, (levels_array - 1) * error)
    return float(loss.sum(dtype=np.float64) / len(levels_array) / np.abs(actual_kwh).sum(dtype=np.float64))


def coverage(quantiles_kwh: np.ndarray, actual_kwh: np.ndarray) -> float:
    """Share of the actuals that lie between the lowest and the highest quantile."""
    inside = (actual_kwh >= quantiles_kwh[..., 0]) & (actual_kwh <= quantiles_kwh[..., -1])
    return float(inside.mean())
