"""The transformer: meters in, what the models of their variants say out. It serves every task."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import kserve
import numpy as np
import pandas as pd
from kserve.protocol.infer_type import InferResponse

from inference_services.executor import BoundedExecutor
from inference_services.tensors import described, require_v2
from inference_services.transformer.drift_monitor import DriftMonitor
from inference_services.transformer.known_weather import weather_of_rows
from inference_services.transformer.requests import METER_INPUT, MeterRequest
from inference_services.transformer.responses import COMMON_OUTPUTS, drift_parameters, respond
from inference_services.transformer.rows import Rows
from inference_services.transformer.station_weathers import StationWeathers
from inference_services.transformer.tasks import Alter, Scored, Task, Values
from inference_services.transformer.variants import Variants
from inference_services.transformer.windows import WindowReader
from metrify.adapters.meter_windows import MeterWindows
from metrify.bundles.load import Bundle
from metrify.features.batch import FeatureBatch
from metrify.features.degradation import Degradation, judge_rows, tell_silence
from metrify.features.known_static import static_of_rows
from metrify.features.model_features import columns_of, static_columns_of
from metrify.features.specification import compute_features
from metrify.readings.station_weather import StationWeather

_MAX_PENDING = 256
_DAY = np.timedelta64(1, "D")
_LEAST_MEASURED_SHARE = 0.9  # of a window that tells of drift; with more gaps in all windows, the distances grow


@dataclass(frozen=True)
class Rooms:
    """What the transformer works with."""

    bundle: Bundle
    task: Task[Any]
    reader: WindowReader
    pseudonym: Callable[[str], str]
    variants: Variants
    drift: DriftMonitor
    weathers: StationWeathers | None = None  # where the bundle reads the weather
    newest: pd.Timestamp | None = None  # end of the windows that the store was filled with, where that is known


@dataclass(frozen=True)
class _Prepared:
    """Rows with their features, and what they lack."""

    rows: Rows
    batch: FeatureBatch
    features: Values
    degradation: Degradation


class MeterTransformer(kserve.Model):
    """Serves a model by meter.

    Args:
        name: Name in the v2 protocol.
        rooms: What it works with.
    """

    row_input: ClassVar[str] = METER_INPUT

    def __init__(self, name: str, rooms: Rooms) -> None:
        super().__init__(name)
        self._rooms = rooms
        self._executor = BoundedExecutor(1, _MAX_PENDING, "features")
        self._columns = columns_of(rooms.bundle.features)
        self._static_columns = static_columns_of(rooms.bundle.features)
        self.ready = True

    @property
    def bundle(self) -> Bundle:
        """The control's bundle."""
        return self._rooms.bundle

    @property
    def legacy_outputs(self) -> Mapping[str, str]:
        """Names of outputs by what the older HTTP API calls them."""
        return self.task.legacy_outputs

    @property
    def legacy_parameters(self) -> Mapping[str, bool]:
        """Parameters that its requests have."""
        return self.task.legacy_parameters

    @property
    def info(self) -> dict[str, object]:
        """What the model information says beside the manifest: nothing."""
        return {}

    @property
    def task(self) -> Task[Any]:
        """What kind of model it serves."""
        return self._rooms.task

    def get_input_types(self) -> list[dict[str, object]]:
        """Inputs, for the model's metadata."""
        return described({name: ("BYTES", [-1]) for name in (METER_INPUT, self.task.own_input)})

    def get_output_types(self) -> list[dict[str, object]]:
        """Outputs, for the model's metadata."""
        return described(self.task.output_types | COMMON_OUTPUTS)

    async def predict(self, payload: object, headers: dict[str, str] | None = None) -> InferResponse:
        """Answers a v2 request.

        Raises:
            MetrifyError: The request, a meter, the feature store or a predictor; each with its own status.
        """
        request, rooms = require_v2(payload), self._rooms
        asked = self.task.parse(request)
        pseudonyms = await self._executor.run(lambda: [rooms.pseudonym(meter) for meter in asked.meters])
        found = await rooms.reader.read(pseudonyms)
        stations = {station for station in found.stations if station is not None}
        weathers = await rooms.weathers.find(stations) if rooms.weathers else None
        ready = await self._executor.run(self._prepare, asked, pseudonyms, found, weathers)
        rows, variants = ready.rows, rooms.variants.assign(ready.rows.pseudonyms)
        values, versions = await rooms.variants.ask(variants, ready.features)
        self._watch(rows)

        async def ask_again(chosen: np.ndarray, alter: Alter) -> Values:
            altered = await self._executor.run(lambda: self._compute(alter(ready.batch.take(chosen))))
            versions_of_each = len(next(iter(altered.values()))) // len(chosen)
            return (await rooms.variants.ask(np.repeat(variants[chosen], versions_of_each), altered))[0]

        own = await self.task.answer(asked, Scored(rows, ready.batch, values, ask_again))
        outputs = {name: (self.task.output_types[name][0], array) for name, array in own.items()}
        parameters = {**self.task.parameters, **drift_parameters(request, rooms.drift.state)}
        return respond(request, self.name, rows, outputs, variants, versions, ready.degradation, parameters)

    def _prepare(
        self,
        request: MeterRequest,
        pseudonyms: list[str],
        found: MeterWindows,
        weathers: Mapping[str, StationWeather] | None,
    ) -> _Prepared:
        context = self.bundle.manifest.context
        rows = self.task.find_rows(request, pseudonyms, found)
        weather, faults = (
            weather_of_rows(rows.stations, weathers, rows.origins, context, self._columns)
            if weathers is not None
            else (None, [])
        )
        meters = np.array(rows.pseudonyms, dtype=object)
        static, unknown = static_of_rows(rows.static, self._static_columns)
        batch = FeatureBatch(rows.windows, rows.origins, context, weather, meter_ids=meters, static=static)
        ends = found.ends[rows.places]
        is_newest = ends - rows.origins < _DAY  # an earlier day that was asked for is what it is
        silence = np.where(is_newest, tell_silence(ends, self._rooms.newest), "").tolist()
        degradation = judge_rows(rows.window_faults, rows.history_days, faults, unknown, silence)
        return _Prepared(rows, batch, self._compute(batch), degradation)

    def _compute(self, batch: FeatureBatch) -> Values:
        features = compute_features(self.bundle.features, batch)
        return {tensor.name: features[tensor.name] for tensor in self.bundle.manifest.inputs}

    def _watch(self, rows: Rows) -> None:
        """Adds the rows to the drift sample; what was made up of others would be taken for the population."""
        measured = np.flatnonzero(rows.measured_share >= _LEAST_MEASURED_SHARE)
        if len(measured):
            meters = [rows.pseudonyms[row] for row in measured]
            self._rooms.drift.add(meters, rows.windows[measured], rows.origins[measured])
