"""The sum over all meters three ways: the model asked for the sum, means of the meters summed, and both reconciled."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from metrify.cli.bench.forecast.protocol_rows import ProtocolRows
from metrify.errors import ForecastError
from metrify.features.meter_code import METER_CODE
from metrify.features.text_code import NO_CODE
from metrify.forecasting.evaluation.by_level import METHODS, SeriesForecasts, wape_by_level
from metrify.forecasting.evaluation.complete_block import find_complete_block
from metrify.forecasting.onnx_model import OnnxModel
from metrify.forecasting.reconciliation import Hierarchy, build_hierarchy
from metrify.forecasting.reconciliation.aggregate_forecasts import forecast_series

SHARE = "portfolio_share_compared"
OF_METHODS = tuple(f"portfolio_wape_{method}" for method in METHODS)


def compare_portfolios(graph: OnnxModel, validation: ProtocolRows, test: ProtocolRows) -> dict[str, float]:
    """The WAPE of the sum over meters by method, where the errors of validation give the covariance.

    All methods are judged on the same meters and intervals: those that make up a block without gaps, on both sides.

    Args:
        graph: It makes means of its quantiles.
        validation: Rows whose errors are known at the test.
        test: Rows that are judged.

    Returns:
        Of `OF_METHODS`, and `SHARE`, that of the measured test intervals of all meters that are in the block.

    Raises:
        ForecastError: Some loads are negative, the graph makes no means, or the block is empty on a side, holds a
            single meter or has no load.
    """
    if not test.non_negative:
        raise ForecastError(
            "Some loads are negative, so a sum may be near zero, and networks divide by the mean of its window.",
            "Compare sums of loads alone.",
        )
    sides = [_lay_out(rows) for rows in (validation, test)]
    measured = [np.isfinite(side.actual).reshape(len(side.actual), -1) for side in sides]
    meters, times = find_complete_block(np.concatenate(measured, axis=1), test.protocol.context.forecast_horizon)
    begin = measured[0].shape[1]
    hierarchy = build_hierarchy(test.protocol.matrix.meter_ids[meters])
    earlier = _forecast(graph, hierarchy, sides[0], meters, times[times < begin])
    judged = _forecast(graph, hierarchy, sides[1], meters, times[times >= begin] - begin)
    figures = wape_by_level(hierarchy, earlier, judged)
    share = judged.actual.size / int(measured[1].sum())
    return {f"portfolio_wape_{method}": figures["total", method] for method in METHODS} | {SHARE: share}


@dataclass(frozen=True, eq=False)
class _Side:
    """Rows by meter and origin: `row_of` `[M, O]`, -1 where there is none, and `actual` `[M, O, H]` kWh."""

    rows: ProtocolRows
    row_of: np.ndarray
    actual: np.ndarray


def _lay_out(rows: ProtocolRows) -> _Side:
    origins, origin_of = np.unique(rows.columns, return_inverse=True)
    meters, horizon = len(rows.protocol.matrix.meter_ids), rows.protocol.context.forecast_horizon
    row_of = np.full((meters, len(origins)), -1)
    actual = np.full((meters, len(origins), horizon), np.nan, np.float32)
    row_of[rows.meters, origin_of] = np.arange(len(rows))
    actual[rows.meters, origin_of] = rows.targets(np.arange(len(rows)))
    return _Side(rows, row_of, actual)


def _forecast(
    graph: OnnxModel, hierarchy: Hierarchy, side: _Side, meters: np.ndarray, times: np.ndarray
) -> SeriesForecasts:
    """Forecasts of all series at some times, `[k]` counted through origins and their intervals."""
    origin_of, interval_of = np.divmod(times, side.actual.shape[2])
    base = np.empty((len(hierarchy.names), len(times)), np.float32)
    for origin in np.unique(origin_of):
        here = origin_of == origin
        features = side.rows.take(side.row_of[meters, origin]).features
        features_of = partial(_like_the_first, features=features)
        base[:, here] = forecast_series(graph, hierarchy, features["load_window"], features_of)[:, interval_of[here]]
    return SeriesForecasts(base, side.actual[meters[:, None], origin_of, interval_of])


def _like_the_first(windows: np.ndarray, features: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Inputs of sums and then meters: calendar and weather are those of all rows of an origin; a sum is no meter."""
    inputs = {name: np.repeat(values[:1], len(windows), axis=0) for name, values in features.items()}
    if METER_CODE in features:
        codes = features[METER_CODE]
        inputs[METER_CODE] = np.pad(codes, (len(windows) - len(codes), 0), constant_values=NO_CODE)
    return {**inputs, "load_window": windows}
