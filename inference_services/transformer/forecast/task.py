"""The load forecaster: quantiles and a point for each interval of the horizon."""

import json
from collections.abc import Mapping

import numpy as np
from kserve.protocol.infer_type import InferRequest

from inference_services.tensors import TensorTypes
from inference_services.transformer.forecast.request import ORIGIN_INPUT, ForecastRequest, parse_request
from inference_services.transformer.forecast.rows import find_rows
from inference_services.transformer.rows import Rows
from inference_services.transformer.tasks import Scored, Task, Values
from metrify.adapters.meter_windows import MeterWindows
from metrify.bundles.load import Bundle
from metrify.bundles.manifest import require_horizon

_QUANTILES = "quantiles_kwh"
_POINT = "point_kwh"
_MEDIAN = 0.5


class ForecastTask(Task[ForecastRequest]):
    """Forecasts of a bundle.

    Args:
        bundle: The control's.
    """

    own_input = ORIGIN_INPUT
    legacy_outputs = {"predictions": _POINT, _QUANTILES: _QUANTILES}  # noqa: RUF012 - nobody changes it

    def __init__(self, bundle: Bundle) -> None:
        self._bundle, self._manifest = bundle, bundle.manifest
        self._median = bundle.manifest.quantiles.index(_MEDIAN)

    @property
    def output_types(self) -> TensorTypes:
        """See `Task`."""
        horizon, quantiles = self._manifest.forecast_horizon, len(self._manifest.quantiles)
        return {
            _QUANTILES: ("FP32", [-1, horizon, quantiles]),
            _POINT: ("FP32", [-1, horizon]),
            ORIGIN_INPUT: ("BYTES", [-1]),
        }

    @property
    def parameters(self) -> Mapping[str, str | int]:
        """The levels of the quantiles, and how long an interval is."""
        return {
            "quantiles": json.dumps(self._manifest.quantiles),
            "resolution_minutes": self._manifest.resolution_minutes,
        }

    def parse(self, request: InferRequest) -> ForecastRequest:
        """See `Task`."""
        asked = parse_request(request)
        require_horizon(asked.horizon, self._manifest)
        return asked

    def find_rows(self, request: ForecastRequest, pseudonyms: list[str], found: MeterWindows) -> Rows:
        """See `Task`."""
        return find_rows(request, pseudonyms, found, self._manifest.context, self._bundle.cold_start)

    async def answer(self, request: ForecastRequest, scored: Scored) -> Values:
        """See `Task`."""
        quantiles = scored.values[_QUANTILES][:, : require_horizon(request.horizon, self._manifest)]
        return {
            _QUANTILES: np.ascontiguousarray(quantiles),
            _POINT: np.ascontiguousarray(quantiles[:, :, self._median]),
            ORIGIN_INPUT: np.array([f"{origin}Z" for origin in scored.rows.origins], dtype=object),
        }
