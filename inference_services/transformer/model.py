"""The load forecaster's transformer: meters in, forecasts of their variants out."""

import asyncio
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import kserve
import numpy as np
from kserve.protocol.infer_type import InferOutput, InferRequest, InferResponse

from inference_services.executor import BoundedExecutor
from inference_services.manifest import ServiceManifest
from inference_services.tensors import require_v2
from inference_services.transformer.drift_monitor import DriftMonitor
from inference_services.transformer.known_weather import weather_of_rows
from inference_services.transformer.predictors import Predictors
from inference_services.transformer.requests import ForecastRequest, parse_request
from inference_services.transformer.rows import Rows, find_rows
from inference_services.transformer.station_weathers import StationWeathers
from inference_services.transformer.watched_file import WatchedFile
from inference_services.transformer.windows import WindowReader
from metrify.adapters.meter_windows import MeterWindows
from metrify.bundles.load import Bundle
from metrify.bundles.manifest import require_horizon
from metrify.experiments.assignment import CONTROL, assign
from metrify.features.batch import FeatureBatch
from metrify.features.degradation import Degradation, judge_rows
from metrify.features.known_static import static_of_rows
from metrify.features.model_features import columns_of, static_columns_of
from metrify.features.specification import compute_features
from metrify.readings.station_weather import StationWeather

_MAX_PENDING = 256
_MEDIAN = 0.5
_LEAST_MEASURED_SHARE = 0.9  # of a window that tells of drift; with more gaps in all windows, the distances grow


@dataclass(frozen=True)
class Rooms:
    """What the transformer works with."""

    bundle: Bundle
    reader: WindowReader
    pseudonym: Callable[[str], str]
    manifest: WatchedFile[ServiceManifest]
    predictors: Predictors
    drift: DriftMonitor
    weathers: StationWeathers | None = None  # where the bundle reads the weather


class LoadForecastTransformer(kserve.Model):
    """Serves forecasts by meter.

    Args:
        name: Name in the v2 protocol.
        rooms: What it works with.
    """

    def __init__(self, name: str, rooms: Rooms) -> None:
        super().__init__(name)
        self._rooms = rooms
        self._executor = BoundedExecutor(1, _MAX_PENDING, "features")
        self._columns = columns_of(rooms.bundle.features)
        self._static_columns = static_columns_of(rooms.bundle.features)
        self._median = rooms.bundle.manifest.quantiles.index(_MEDIAN)
        self.ready = True

    @property
    def bundle(self) -> Bundle:
        """The control's bundle."""
        return self._rooms.bundle

    def get_input_types(self) -> list[dict[str, object]]:
        """Inputs, for the model's metadata."""
        return [{"name": name, "datatype": "BYTES", "shape": [-1]} for name in ("meter_id", "origin")]

    def get_output_types(self) -> list[dict[str, object]]:
        """Outputs, for the model's metadata."""
        manifest = self.bundle.manifest
        horizon, quantiles = manifest.forecast_horizon, len(manifest.quantiles)
        texts = {name: ("BYTES", [-1]) for name in ("meter_id", "origin", "model_version", "variant")}
        outputs: dict[str, tuple[str, list[int]]] = {
            "quantiles_kwh": ("FP32", [-1, horizon, quantiles]),
            "point_kwh": ("FP32", [-1, horizon]),
            **texts,
            "feature_age_seconds": ("FP32", [-1]),
            "data_version": ("INT64", [-1]),
            "degraded": ("BOOL", [-1]),
        }
        return [{"name": name, "datatype": dtype, "shape": shape} for name, (dtype, shape) in outputs.items()]

    async def predict(self, payload: object, headers: dict[str, str] | None = None) -> InferResponse:
        """Answers a v2 request.

        Raises:
            MetrifyError: The request, a meter, the feature store or a predictor; each with its own status.
        """
        request = require_v2(payload)
        asked = parse_request(request)
        horizon = require_horizon(asked.horizon, self.bundle.manifest)
        pseudonyms = await self._executor.run(lambda: [self._rooms.pseudonym(meter) for meter in asked.meters])
        found = await self._rooms.reader.read(pseudonyms)
        stations = {station for station in found.stations if station is not None}
        weathers = await self._rooms.weathers.find(stations) if self._rooms.weathers else None
        rows, features, degradation = await self._executor.run(self._prepare, asked, pseudonyms, found, weathers)
        variants = self._variants(rows.pseudonyms)
        quantiles, versions = await self._forecast(variants, features)
        self._watch(rows)
        return self._response(request, rows, variants, quantiles[:, :horizon], versions, degradation)

    def _prepare(
        self,
        request: ForecastRequest,
        pseudonyms: list[str],
        found: MeterWindows,
        weathers: Mapping[str, StationWeather] | None,
    ) -> tuple[Rows, dict[str, np.ndarray], Degradation]:
        """Rows, their features, and what they lack."""
        bundle, context = self.bundle, self.bundle.manifest.context
        rows = find_rows(request, pseudonyms, found, context, bundle.cold_start)
        weather, faults = (
            weather_of_rows(rows.stations, weathers, rows.origins, context, self._columns)
            if weathers is not None
            else (None, [])
        )
        meters = np.array(rows.pseudonyms, dtype=object)
        static, unknown = static_of_rows(rows.static, self._static_columns)
        batch = FeatureBatch(rows.windows, rows.origins, context, weather, meter_ids=meters, static=static)
        features = compute_features(bundle.features, batch)
        inputs = {tensor.name: features[tensor.name] for tensor in bundle.manifest.inputs}
        return rows, inputs, judge_rows(rows.window_faults, rows.history_days, faults, unknown)

    def _watch(self, rows: Rows) -> None:
        """Adds the rows to the drift sample; what was made up of others would be taken for the population."""
        measured = np.flatnonzero(rows.measured_share >= _LEAST_MEASURED_SHARE)
        if len(measured):
            meters = [rows.pseudonyms[row] for row in measured]
            self._rooms.drift.add(meters, rows.windows[measured], rows.origins[measured])

    def _variants(self, pseudonyms: list[str]) -> list[str]:
        """The variant of each meter; a canary that is not started yet leaves its meters with the control."""
        manifest = self._rooms.manifest.value()
        known = {name: name for name in manifest.canary_percent if self._rooms.predictors.is_known(name)}
        assigned = assign(pseudonyms, manifest.salt, manifest.canary_percent)
        return [known.get(variant, CONTROL) for variant in assigned]

    async def _forecast(self, variants: list[str], features: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        names = np.array(variants, dtype=object)
        groups = {name: np.flatnonzero(names == name) for name in dict.fromkeys(variants)}
        answers = await asyncio.gather(
            *(
                self._rooms.predictors.predict(name, {key: array[rows] for key, array in features.items()})
                for name, rows in groups.items()
            )
        )
        manifest = self.bundle.manifest
        quantiles = np.empty((len(variants), manifest.forecast_horizon, len(manifest.quantiles)), np.float32)
        versions = np.empty(len(variants), dtype=object)
        for rows, (values, version) in zip(groups.values(), answers, strict=True):
            quantiles[rows], versions[rows] = values, version
        return quantiles, versions

    def _response(
        self,
        request: InferRequest,
        rows: Rows,
        variants: list[str],
        quantiles: np.ndarray,
        versions: np.ndarray,
        degradation: Degradation,
    ) -> InferResponse:
        age = (np.datetime64("now", "s") - rows.origins).astype(np.float32)
        outputs = {
            "quantiles_kwh": ("FP32", np.ascontiguousarray(quantiles)),
            "point_kwh": ("FP32", np.ascontiguousarray(quantiles[:, :, self._median])),
            "meter_id": ("BYTES", np.array(rows.meters, dtype=object)),
            "origin": ("BYTES", np.array([f"{origin}Z" for origin in rows.origins], dtype=object)),
            "model_version": ("BYTES", versions),
            "variant": ("BYTES", np.array(variants, dtype=object)),
            "feature_age_seconds": ("FP32", age),
            "data_version": ("INT64", rows.data_versions),
            "degraded": ("BOOL", degradation.is_degraded),
        }
        drift = self._rooms.drift.state
        # v2 over gRPC has no floating-point parameters: there the p-value is text.
        p_value = f"{drift.p_value:.6g}" if request.from_grpc else drift.p_value
        parameters = {"drift": drift.verdict, "drift_p": p_value, "drift_day": drift.day}
        if degradation.is_degraded.any():
            parameters["degraded_reasons"] = json.dumps(degradation.listed(rows.meters))
        if rows.refused:
            parameters["refused"] = json.dumps(rows.refused)
        return InferResponse(
            request.id or str(uuid.uuid4()),
            self.name,
            [InferOutput(name, list(data.shape), dtype, data) for name, (dtype, data) in outputs.items()],
            parameters=parameters,
            # Over gRPC arrays are always sent raw; asking for it again trips kserve over the arrays.
            use_binary_outputs=request.use_binary_outputs and not request.from_grpc,
            requested_outputs=request.request_outputs,
        )
