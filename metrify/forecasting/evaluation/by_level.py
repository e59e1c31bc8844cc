"""The accuracy of meters, feeders, districts and the total, by the way in which their forecasts were made."""

from dataclasses import dataclass

import numpy as np

from metrify.errors import ForecastError
from metrify.forecasting.evaluation.metrics import wape
from metrify.forecasting.reconciliation import Hierarchy, reconcile, set_negative_to_zero, shrunk_covariance

LEVELS = ("meter", "feeder", "district", "total")
BASE, BOTTOM_UP, MINT = METHODS = ("base", "bottom_up", "mint")


@dataclass(frozen=True, eq=False)
class SeriesForecasts:
    """Base forecasts of a hierarchy's series beside what was measured.

    Attributes:
        base: `[n, K]` kWh, where a column is an origin and interval.
        actual: `[M, K]` kWh of the meters.
    """

    base: np.ndarray
    actual: np.ndarray


def wape_by_level(
    hierarchy: Hierarchy, earlier: SeriesForecasts, judged: SeriesForecasts
) -> dict[tuple[str, str], float]:
    """The WAPE of each level of a hierarchy of loads, pooled over its series, by method.

    `base` is each series' own forecast, `bottom_up` the sum of those of the meters, and `mint` the reconciliation with
    the shrunk covariance of earlier errors, no meter below zero. The last two add up.

    Args:
        hierarchy: Of n series and M meters.
        earlier: Of columns that the judged ones come after, whose errors give the covariance.
        judged: What is scored.

    Returns:
        By level and method.

    Raises:
        ForecastError: A value is missing, the judged load is zero, or the covariance can't be inverted.
    """
    actual = hierarchy.bottom_up(judged.actual)
    forecasts = {
        BASE: judged.base,
        BOTTOM_UP: hierarchy.bottom_up(judged.base[hierarchy.aggregates :]),
        MINT: reconcile_by_errors(hierarchy, earlier, judged.base),
    }
    found = [level for level in LEVELS if (hierarchy.levels == level).any()]
    return {
        (level, method): wape(forecast[hierarchy.levels == level], actual[hierarchy.levels == level])
        for level in found
        for method, forecast in forecasts.items()
    }


def reconcile_by_errors(hierarchy: Hierarchy, earlier: SeriesForecasts, base: np.ndarray) -> np.ndarray:
    """Coherent forecasts by the shrunk covariance of earlier errors, in which no meter is below zero.

    Args:
        hierarchy: Of n series.
        earlier: Whose errors give the covariance.
        base: `[n, K]` kWh.

    Returns:
        `[n, K]` kWh.

    Raises:
        ForecastError: A value is missing, or the covariance can't be inverted.
    """
    distinct, kept = hierarchy.without_repeats()
    if not distinct.aggregates:
        raise ForecastError("A single meter has nothing to be reconciled with.", "Bring several meters.")
    errors = earlier.base - hierarchy.bottom_up(earlier.actual)
    reconciled = reconcile(distinct, base[kept], shrunk_covariance(errors[kept]))
    lifted, _ = set_negative_to_zero(distinct, reconciled, base[kept])
    return hierarchy.bottom_up(lifted[distinct.aggregates :])
