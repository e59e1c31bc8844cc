"""Forecasts of a feeder's elements by a forecaster of the platform: the same features, and the same graph."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.specification import Feature, compute_features
from metrify.forecasting.onnx_model import OnnxModel
from metrify.grid.forecasts.element_hours import ElementHours


@dataclass(frozen=True, eq=False)
class HourlyForecasts:
    """Forecasts of M elements from O origins.

    Attributes:
        origins: `[O]` numbers of hours, rising: those at whose beginning each was made.
        mean_kw: `[O, H, M]`.
        quantiles_kw: `[O, H, M, Q]`.
    """

    origins: np.ndarray
    mean_kw: np.ndarray
    quantiles_kw: np.ndarray


class HourlyForecaster:
    """A forecaster of hourly loads.

    Args:
        graph: Of the model.
        features: That it reads.
        context: Of its windows.
    """

    def __init__(self, graph: OnnxModel, features: Sequence[Feature], context: FeatureContext) -> None:
        self._graph, self._features, self._context = graph, features, context

    @property
    def history_hours(self) -> int:
        """That it reads before an origin."""
        return self._context.sequence_length

    def forecast(self, hours: ElementHours, origins: np.ndarray) -> HourlyForecasts:
        """Forecasts all elements from some origins, of which each has a whole window before it.

        Args:
            hours: Readings.
            origins: `[O]` numbers of hours.
        """
        length, count = self._context.sequence_length, len(hours.names)
        windows = np.lib.stride_tricks.sliding_window_view(hours.kwh, length, axis=1)
        parts = []
        for origin in origins.tolist():
            begins = np.full(count, hours.start + np.timedelta64(origin, "h"))
            window = np.ascontiguousarray(windows[:, origin - length])
            batch = FeatureBatch(window, begins, self._context, None, meter_ids=hours.names, static={})
            parts.append(self._graph.predict_in_batches(compute_features(self._features, batch)).transpose(1, 0, 2))
        quantiles = np.maximum(np.stack(parts), 0)
        expected = self._graph.expected_load
        middle = quantiles.shape[-1] // 2
        mean = np.maximum(expected.of(quantiles), 0) if expected else quantiles[..., middle]
        return HourlyForecasts(origins, mean, quantiles)
