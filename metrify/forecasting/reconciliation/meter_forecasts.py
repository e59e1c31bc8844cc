"""What reconciliation means for the meters: no load below zero, and quantiles that follow their point forecast."""

import numpy as np

from metrify.errors import ForecastError
from metrify.forecasting.reconciliation.hierarchy import Hierarchy, require_series


def set_negative_to_zero(hierarchy: Hierarchy, reconciled: np.ndarray, base: np.ndarray) -> tuple[np.ndarray, int]:
    """Lifts the meters that reconciliation pushed below zero, and sums up again.

    The heuristic of Di Fonzo and Girolimetto 2023, doi 10.1016/j.solener.2023.01.003, called `sntz`. The result is
    coherent, but no longer of minimum trace, and its aggregates are higher. A meter whose base forecast was negative,
    since it feeds in, stays as it is.

    Args:
        hierarchy: Of n series.
        reconciled: `[n, K]` kWh of `reconcile`.
        base: `[n, K]` kWh, from before it.

    Returns:
        `[n, K]` kWh, and how many forecasts of meters were lifted.

    Raises:
        ForecastError: There is not one row for each series, or a value is missing.
    """
    require_series(reconciled, len(hierarchy.names))
    require_series(base, len(hierarchy.names))
    meters = reconciled[hierarchy.aggregates :]
    negative = (meters < 0) & (base[hierarchy.aggregates :] >= 0)
    if not negative.any():
        return reconciled, 0
    return hierarchy.bottom_up(np.where(negative, 0.0, meters)), int(negative.sum())


def shift_quantiles(quantiles: np.ndarray, base_point: np.ndarray, reconciled_point: np.ndarray) -> np.ndarray:
    """Moves the quantiles of meters by what reconciliation changed in their point forecast, and keeps their shape.

    A quantile that was not negative stays so: it ends at zero.

    Args:
        quantiles: `[N, H, Q]` kWh.
        base_point: `[N, H]` kWh.
        reconciled_point: `[N, H]` kWh.

    Returns:
        `[N, H, Q]` kWh, of the type of the quantiles.

    Raises:
        ForecastError: The shapes don't fit.

    Example:
        >>> shift_quantiles(np.array([[[0.5, 2.0, 4.0]]]), np.array([[2.0]]), np.array([[1.0]])).tolist()
        [[[0.0, 1.0, 3.0]]]
    """
    if not quantiles.shape[:-1] == base_point.shape == reconciled_point.shape:
        raise ForecastError(
            f"Quantiles of shape {list(quantiles.shape)} do not fit points of shapes {list(base_point.shape)} and "
            f"{list(reconciled_point.shape)}.",
            "Give [N, H, Q] quantiles and [N, H] points of the same rows.",
        )
    change = (reconciled_point - base_point)[..., None]
    return np.maximum(quantiles + change, np.minimum(quantiles, 0)).astype(quantiles.dtype)
