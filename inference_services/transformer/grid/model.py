"""The transformer of a feeder: asks for its forecast, and the predictor of its variant for a plan."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import kserve
import numpy as np
from kserve.protocol.infer_type import InferResponse

from inference_services.plan_tensors import (
    IS_KNOWN,
    LOAD,
    PEAK,
    PV,
    START,
    STORED,
    TAP,
    TensorTypes,
    plan_outputs,
    state_inputs,
)
from inference_services.tensors import described, require_v2
from inference_services.transformer.forecast.request import ORIGIN_INPUT
from inference_services.transformer.grid.expectations import Expectation, Expectations
from inference_services.transformer.grid.request import FEEDER_INPUT, FeederRequest, parse_request
from inference_services.transformer.responses import build_response, drift_parameters
from inference_services.transformer.variants import Variants
from metrify.bundles.load import Bundle
from metrify.errors import InvalidRequestError
from metrify.grid.bundled_feeder import BundledFeeder
from metrify.grid.plan_values import stamp_text

_COMMON_OUTPUTS: TensorTypes = {
    FEEDER_INPUT: ("BYTES", [-1]),
    ORIGIN_INPUT: ("BYTES", [-1]),
    "model_version": ("BYTES", [-1]),
    "variant": ("BYTES", [-1]),
    "feature_age_seconds": ("FP32", [-1]),
    "data_version": ("INT64", [-1]),
    "degraded": ("BOOL", [-1]),
    "degraded_reason": ("BYTES", [-1]),
}


@dataclass(frozen=True)
class FeederRooms:
    """What the transformer works with."""

    bundle: Bundle
    bundled: BundledFeeder
    expectations: Expectations
    variants: Variants


class FeederTransformer(kserve.Model):
    """Plans the next hours of one feeder.

    Args:
        name: Name in the v2 protocol.
        rooms: What it works with.
    """

    row_input: ClassVar[str] = FEEDER_INPUT
    legacy_parameters: ClassVar[Mapping[str, bool]] = {}

    def __init__(self, name: str, rooms: FeederRooms) -> None:
        super().__init__(name)
        self._rooms = rooms
        self._plan_outputs = plan_outputs(rooms.bundled)
        self.ready = True

    @property
    def bundle(self) -> Bundle:
        """The control's bundle."""
        return self._rooms.bundle

    @property
    def legacy_outputs(self) -> Mapping[str, str]:
        """Names of outputs by what the older HTTP API calls them."""
        return {name: name for name in self._plan_outputs}

    @property
    def info(self) -> dict[str, object]:
        """What the model information says beside the manifest: what stands in which row of an answer."""
        return {"feeder": self._rooms.bundled.name, **self._names}

    def get_input_types(self) -> list[dict[str, object]]:
        """Inputs, for the model's metadata; all but the first can be left out."""
        texts = {name: ("BYTES", [-1]) for name in (FEEDER_INPUT, ORIGIN_INPUT)}
        return described(texts | state_inputs(self._rooms.bundled.feeder))

    def get_output_types(self) -> list[dict[str, object]]:
        """Outputs, for the model's metadata."""
        return described(self._plan_outputs | _COMMON_OUTPUTS)

    async def predict(self, payload: object, headers: dict[str, str] | None = None) -> InferResponse:
        """Answers a v2 request.

        Raises:
            MetrifyError: The request, the forecast and the store, or a predictor; each with its own status.
        """
        request, rooms = require_v2(payload), self._rooms
        asked = parse_request(request, rooms.bundled.feeder)
        expected = await rooms.expectations.find()
        _require_origins(asked, expected)
        variants = rooms.variants.assign(asked.feeders)
        features = _features(asked, expected)
        answers = []
        for row in range(len(asked.feeders)):  # one call a plan, so that each has a deadline of its own
            only = {name: array[row : row + 1] for name, array in features.items()}
            answers.append(await rooms.variants.ask(variants[row : row + 1], only))
        values = {name: np.concatenate([plan[name] for plan, _ in answers]) for name in self._plan_outputs}
        versions = np.concatenate([version for _, version in answers])
        tensors = {name: (self._plan_outputs[name][0], array) for name, array in values.items()}
        tensors |= _common(asked, expected, variants, versions)
        parameters = drift_parameters(request, expected.drift)
        parameters |= {name: json.dumps(names) for name, names in self._names.items()}
        parameters["resolution_minutes"] = 60
        if expected.degraded_reason:
            reasons = [{FEEDER_INPUT: name, "reason": expected.degraded_reason} for name in asked.feeders]
            parameters["degraded_reasons"] = json.dumps(reasons)
        if asked.refused:
            parameters["refused"] = json.dumps(asked.refused)
        return build_response(request, self.name, tensors, parameters)

    @property
    def _names(self) -> dict[str, list[str]]:
        bundled = self._rooms.bundled
        return {
            "elements": list(bundled.elements),
            "batteries": list(bundled.feeder.batteries.names),
            "inverters": list(bundled.feeder.pv_names),
        }


def _require_origins(asked: FeederRequest, expected: Expectation) -> None:
    start = expected.hours.start
    if asked.origins is not None and (asked.origins != start).any():
        wrong = asked.origins[asked.origins != start][0]
        raise InvalidRequestError(
            f"Input {ORIGIN_INPUT} asks for {wrong}Z.",
            f"Plans begin at {start}Z; ask for that, or leave it out.",
        )


def _features(asked: FeederRequest, expected: Expectation) -> dict[str, np.ndarray]:
    rows, hours, states = len(asked.feeders), expected.hours, asked.states
    return {
        LOAD: np.tile(np.ascontiguousarray(hours.load_kw.T), (rows, 1, 1)),
        PV: np.tile(np.ascontiguousarray(hours.pv_kw.T), (rows, 1, 1)),
        START: np.full(rows, hours.start.astype("datetime64[s]").astype(np.int64)),
        IS_KNOWN: np.full(rows, expected.is_known),
        STORED: states.stored_kwh,
        PEAK: states.peak_kw,
        TAP: states.tap_position,
    }


def _common(
    asked: FeederRequest, expected: Expectation, variants: np.ndarray, versions: np.ndarray
) -> dict[str, tuple[str, np.ndarray]]:
    rows, start = len(asked.feeders), expected.hours.start
    age = float((np.datetime64("now", "s") - start) / np.timedelta64(1, "s"))
    values: tuple[Any, ...] = (
        asked.feeders,
        stamp_text(start),
        versions,
        variants,
        age,
        expected.data_version,
        bool(expected.degraded_reason),
        expected.degraded_reason,
    )
    dtypes: dict[str, Any] = {"BYTES": object, "FP32": np.float32, "INT64": np.int64, "BOOL": bool}
    return {
        name: (dtype, np.array(np.broadcast_to(np.array(value, dtypes[dtype]), rows)))
        for (name, (dtype, _)), value in zip(_COMMON_OUTPUTS.items(), values, strict=True)
    }
