"""Forecasts of feeders, districts and the total by the model that was trained on meters.

A network divides a window by its mean, so a sum of meters is one more meter to it, only a large and smooth one.
"""

from collections.abc import Callable, Mapping

import numpy as np

from metrify.errors import ForecastError
from metrify.forecasting.onnx_model import OnnxModel
from metrify.forecasting.reconciliation.hierarchy import Hierarchy

FeaturesOf = Callable[[np.ndarray], Mapping[str, np.ndarray]]  # windows [n, L] kWh to the inputs of a graph


def forecast_series(graph: OnnxModel, hierarchy: Hierarchy, windows: np.ndarray, features_of: FeaturesOf) -> np.ndarray:
    """The base forecasts of all series at one origin: the graph is asked for each of them on its own.

    Args:
        graph: It makes means of its quantiles.
        hierarchy: Of M meters and n series.
        windows: `[M, L]` kWh, those of the meters that end at the origin.
        features_of: The graph's inputs from the windows of all series, `[n, L]` float32, at the origin.

    Returns:
        `[n, H]` kWh, means, in the order of the hierarchy's names. They need not add up.

    Raises:
        ForecastError: The graph makes no means, there is not one window for each meter, or a reading is missing.
    """
    expected = graph.expected_load
    if expected is None:
        raise ForecastError("The model's file has no weights that make means of its quantiles.", "Train it again.")
    summed = hierarchy.bottom_up(windows).astype(np.float32)
    return expected.of(graph.predict_in_batches(features_of(summed)))
