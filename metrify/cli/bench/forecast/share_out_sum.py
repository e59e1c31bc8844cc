"""The portfolio as one more meter: a model forecasts the sum of all meters, and they share it out among them.

Medians of skewed loads lie below their means, so the sum of many of them is too low. The sum itself is hardly skewed,
and a model that divides by the window's mean can be asked for it like for any meter.
"""

import numpy as np

from metrify.cli.bench.forecast.protocol_rows import ProtocolRows
from metrify.forecasting.onnx_model import OnnxModel


def share_out_sum(graph: OnnxModel, rows: ProtocolRows, point: np.ndarray, median: int) -> np.ndarray:
    """Point forecasts in proportion to those of the model, which add up to its forecast of the sum.

    Top-down by forecast proportions: Athanasopoulos, Ahmed and Hyndman 2009, doi 10.1016/j.ijforecast.2008.07.004.

    Args:
        graph: The model.
        rows: Rows of meters whose load is not negative.
        point: `[N, H]` kWh, the model's forecasts of them.
        median: Position of the median among its quantiles.

    Returns:
        `[N, H]` kWh; where all forecasts of an interval are zero, they stay so.
    """
    shared = point.astype(np.float64)
    for column in np.unique(rows.columns):
        of_origin = np.flatnonzero(rows.columns == column)
        features = rows.take(of_origin[:1]).features  # calendar and weather are those of the origin
        portfolio = rows.windows(of_origin).sum(axis=0, keepdims=True)
        total = graph.predict({**features, "load_window": portfolio})[0, :, median]
        summed = shared[of_origin].sum(axis=0)
        shared[of_origin] *= np.divide(total, summed, out=np.ones_like(summed), where=summed > 0)
    return shared
