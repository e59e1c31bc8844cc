"""The metrics of each meter, district and interval of the horizon, as tidy frames.

A frame has a row for each group and metric: `group`, `metric`, `value` and `rows`, the rows that have a measured
interval in the group. A value is NaN where it is not defined: nothing was measured, or the load is zero.
"""

import numpy as np
import pandas as pd

from metrify.errors import ForecastError
from metrify.forecasting.evaluation.loss_sums import LossSums, sum_rows
from metrify.forecasting.evaluation.losses import require_forecasts
from metrify.forecasting.evaluation.metrics import wape


def metrics_by_meter(sums: LossSums, meter_ids: np.ndarray) -> pd.DataFrame:
    """The metrics of each meter over all of its rows and intervals.

    Args:
        sums: Of `sum_by_meter`, `[M, H]`.
        meter_ids: `[M]`.
    """
    return _tidy(meter_ids, sums.rows, {name: values.sum(axis=1) for name, values in sums.by_loss.items()})


def metrics_by_district(sums: LossSums, districts: np.ndarray) -> pd.DataFrame:
    """The metrics of each district, where each of its meters weighs by its load, in the order of their names.

    Args:
        sums: Of `sum_by_meter`, `[M, H]`.
        districts: `[M]` the district of each meter; any other grouping of meters will do, too.

    Raises:
        ForecastError: A meter has no district.
    """
    codes, names = pd.factorize(np.asarray(districts, dtype=object), sort=True)
    if (codes < 0).any():
        raise ForecastError(f"{(codes < 0).sum()} meters have no district.", "Name one, or leave these meters out.")
    merged = sums.merge(codes, len(names))
    return _tidy(names, merged.rows, {name: values.sum(axis=1) for name, values in merged.by_loss.items()})


def metrics_by_interval(sums: LossSums) -> pd.DataFrame:
    """The metrics of each interval of the horizon over all rows; the group is its number, from 0.

    Args:
        sums: Of `sum_by_meter`, `[M, H]`.
    """
    totals = {name: values.sum(axis=0) for name, values in sums.by_loss.items()}
    return _tidy(np.arange(len(totals["measured"])), totals["measured"].astype(int), totals)


def median_mase(sums: LossSums) -> float:
    """The median of the meters' mean absolute scaled errors, over the meters that have one.

    Args:
        sums: Of `sum_by_meter`, `[M, H]`.

    Raises:
        ForecastError: No meter has one.
    """
    scaled, scalable = (sums.by_loss[name].sum(axis=1) for name in ("scaled", "scalable"))
    if not scalable.any():
        raise ForecastError("No meter has a scaled error.", "Bring more history than a season.")
    return float(np.median(scaled[scalable > 0] / scalable[scalable > 0]))


def portfolio_wape(point: np.ndarray, actual: np.ndarray, origins: np.ndarray) -> float:
    """The WAPE of the sum over all meters, in which errors of single meters cancel out.

    At each origin and interval, the sums of forecasts and of actuals are over the same meters: those measured then.

    Args:
        point: `[N, H]` kWh.
        actual: `[N, H]` kWh, NaN where not measured.
        origins: `[N]`.

    Raises:
        ForecastError: A measured interval has no forecast, nothing was measured, or the load is zero.

    Example:
        >>> portfolio_wape(np.array([[1.0], [3.0], [9.0]]), np.array([[2.0], [2.0], [np.nan]]), np.array([0, 0, 0]))
        0.0
    """
    require_forecasts(point, actual)
    names, codes = np.unique(origins, return_inverse=True)
    measured = ~np.isnan(actual)
    forecast_sums = sum_rows(np.where(measured, point, np.nan), codes, len(names))
    actual_sums = sum_rows(actual, codes, len(names))
    somebody = sum_rows(measured, codes, len(names)) > 0
    return wape(forecast_sums[somebody], actual_sums[somebody])


def _tidy(groups: np.ndarray, rows: np.ndarray, totals: dict[str, np.ndarray]) -> pd.DataFrame:
    metrics = {
        "wape": _ratio(totals["absolute"], totals["load"]),
        "nrmse": _ratio(np.sqrt(totals["squared"] * totals["measured"]), totals["load"]),
        "mase": _ratio(totals["scaled"], totals["scalable"]),
        "pinball": _ratio(totals["pinball"], totals["load"]),
        "coverage": _ratio(totals["inside"], totals["measured"]),
        "interval_width_kwh": _ratio(totals["width"], totals["measured"]),
    }
    wide = pd.DataFrame(metrics).assign(group=groups, rows=rows)
    tidy = wide.melt(id_vars=["group", "rows"], var_name="metric", value_name="value")
    return tidy[["group", "metric", "value", "rows"]]


def _ratio(numerators: np.ndarray, denominators: np.ndarray) -> np.ndarray:
    undefined = np.full(len(numerators), np.nan)
    return np.divide(numerators, denominators, out=undefined, where=denominators > 0)
