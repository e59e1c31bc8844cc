"""Asks a load-forecaster for forecasts over both faces of the KServe v2 protocol."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import httpx
import numpy as np

from metrify.errors import InvalidRequestError, ServiceError

_MEND = "Start it with `metrify serve`, or check the address."


@dataclass(frozen=True)
class Forecasts:
    """An answer.

    Attributes:
        meter_ids: `[N]` as they were asked for.
        quantiles_kwh: `[N, H, Q]` float32.
        point_kwh: `[N, H]` float32.
        origins: `[N]` when each forecast begins, RFC 3339 UTC.
        model_versions: `[N]`.
        variants: `[N]`.
        feature_age_seconds: `[N]` float32.
        data_versions: `[N]` the import of the dataset that each forecast saw; 0 where it saw readings that were pushed.
        drift: "none", "detected" or "collecting".
        drift_p: p-value of the last drift check.
        drift_day: ISO date of the sample that was checked; empty before the first check.
        degraded: `[N]` whether a forecast was made without something: the meter is new or has gaps, so that its window
            was completed, or some of the weather that the model reads was missing or stale.
        degraded_reasons: `{"meter_id", "history_days", "reason"}` of each of those: how many days the window has from
            its first reading on, and what was lacking.
        refused: `{"meter_id", "reason"}` of each meter that was left out; only with `partial`.
    """

    meter_ids: list[str]
    quantiles_kwh: np.ndarray
    point_kwh: np.ndarray
    origins: list[str]
    model_versions: list[str]
    variants: list[str]
    feature_age_seconds: np.ndarray
    data_versions: list[int]
    drift: str
    drift_p: float
    drift_day: str
    degraded: list[bool]
    degraded_reasons: list[dict[str, Any]]
    refused: list[dict[str, str]]

    @classmethod
    def from_v2(cls, outputs: Mapping[str, np.ndarray], parameters: Mapping[str, Any]) -> Self:
        """Reads the outputs and the parameters of a v2 response."""
        return cls(
            _texts(outputs["meter_id"]),
            outputs["quantiles_kwh"].astype(np.float32),
            outputs["point_kwh"].astype(np.float32),
            _texts(outputs["origin"]),
            _texts(outputs["model_version"]),
            _texts(outputs["variant"]),
            outputs["feature_age_seconds"].astype(np.float32),
            outputs["data_version"].tolist(),
            str(parameters["drift"]),
            float(parameters["drift_p"]),  # text over gRPC, which has no floating-point parameters
            str(parameters["drift_day"]),
            outputs["degraded"].astype(bool).tolist(),
            json.loads(parameters.get("degraded_reasons", "[]")),
            json.loads(parameters.get("refused", "[]")),
        )


class ForecastClient:
    """A client of one service.

    Args:
        url: Address of the REST API, for instance `http://127.0.0.1:8000`.
        grpc_address: Address of the gRPC API, for instance `127.0.0.1:8001`.
        model: Name of the model.
        timeout_seconds: Deadline of a request.
    """

    def __init__(
        self, url: str, grpc_address: str, model: str = "load-forecaster", timeout_seconds: float = 30.0
    ) -> None:
        self._url, self._grpc_address, self._model = url, grpc_address, model
        self._timeout_seconds = timeout_seconds

    def over_rest(self, meters: Sequence[str], partial: bool = False, horizon: int | None = None) -> Forecasts:
        """Forecasts of meters over REST, of their first `horizon` intervals or of all.

        Raises:
            ServiceError: The service can't be reached or can't answer.
            InvalidRequestError: The service refuses the request; the message is the service's.
        """
        body = {
            "inputs": [{"name": "meter_id", "shape": [len(meters)], "datatype": "BYTES", "data": list(meters)}],
            "parameters": _parameters(partial, horizon),
        }
        reply = self._send("POST", f"/v2/models/{self._model}/infer", json=body)
        answer = reply.json()
        outputs = {item["name"]: np.reshape(item["data"], item["shape"]) for item in answer["outputs"]}
        return Forecasts.from_v2(outputs, answer["parameters"])

    def over_grpc(self, meters: Sequence[str], partial: bool = False, horizon: int | None = None) -> Forecasts:
        """Forecasts of meters over gRPC, of their first `horizon` intervals or of all.

        Raises:
            ServiceError: The service can't be reached or can't answer.
            InvalidRequestError: The service refuses the request; the message is the service's.
        """
        import grpc

        with _arguments_hidden():  # importing kserve parses them
            from kserve.protocol.grpc.grpc_predict_v2_pb2_grpc import GRPCInferenceServiceStub
            from kserve.protocol.infer_type import InferInput, InferRequest, InferResponse, to_http_parameters

        data = np.array([meter.encode() for meter in meters], dtype=object)
        inputs = [InferInput("meter_id", [len(meters)], "BYTES", data)]
        request = InferRequest(self._model, inputs, parameters=_parameters(partial, horizon))
        with grpc.insecure_channel(self._grpc_address) as channel:
            try:
                reply = GRPCInferenceServiceStub(channel).ModelInfer(request.to_grpc(), timeout=self._timeout_seconds)
            except grpc.RpcError as error:
                refused = error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
                raise _error(refused, str(error.details()), self._grpc_address) from error
        response = InferResponse.from_grpc(reply)
        outputs = {output.name: output.as_numpy() for output in response.outputs}
        return Forecasts.from_v2(outputs, to_http_parameters(response.parameters))

    def metrics(self) -> str:
        """What `/metrics` says, in the Prometheus text format.

        Raises:
            ServiceError: The service can't be reached.
        """
        return self._send("GET", "/metrics").text

    def _send(self, method: str, path: str, **content: Any) -> httpx.Response:
        try:
            reply = httpx.request(method, self._url + path, timeout=self._timeout_seconds, trust_env=False, **content)
        except httpx.TransportError as error:
            raise ServiceError(f"The service at {self._url} can't be reached: {error}.", _MEND) from error
        if reply.is_error:
            raise _error(reply.is_client_error, _message(reply), self._url)
        return reply


def _parameters(partial: bool, horizon: int | None) -> dict[str, bool | int]:
    return {"partial": partial} if horizon is None else {"partial": partial, "horizon": horizon}


def _error(refused: bool, message: str, address: str) -> InvalidRequestError | ServiceError:
    if refused:
        return InvalidRequestError(message)
    return ServiceError(f"The service at {address} can't answer: {message.rstrip('.')}.", _MEND)


def _message(reply: httpx.Response) -> str:
    try:
        return str(reply.json()["error"])
    except (ValueError, KeyError, TypeError):
        return f"{reply.status_code} {reply.reason_phrase}"


def _texts(values: np.ndarray) -> list[str]:
    return [value.decode() if isinstance(value, bytes) else str(value) for value in values]


@contextmanager
def _arguments_hidden() -> Iterator[None]:
    kept, sys.argv = sys.argv, sys.argv[:1]
    try:
        yield
    finally:
        sys.argv = kept
