"""Asks a service over both faces of the KServe v2 protocol, and reads what every answer by meter has."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np

from metrify.errors import InvalidRequestError, ServiceError

_MEND = "Start it with `metrify serve`, or check the address."
_DTYPES = {"float32": "FP32", "int32": "INT32"}
Outputs = dict[str, np.ndarray]  # by name
Inputs = Mapping[str, Sequence[str] | np.ndarray]  # texts, or numbers of the type that the model takes
Parameters = Mapping[str, bool | int]


@dataclass(frozen=True)
class MeterAnswer:
    """What every answer says of its N rows.

    Attributes:
        meter_ids: `[N]` as they were asked for.
        model_versions: `[N]`.
        variants: `[N]`.
        feature_age_seconds: `[N]` float32.
        data_versions: `[N]` the import of the dataset that each row saw; 0 where it saw readings that were pushed.
        drift: "none", "detected" or "collecting".
        drift_p: p-value of the last drift check.
        drift_day: ISO date of the sample that was checked; empty before the first check.
        degraded: `[N]` whether a row was answered without something that the model reads.
        degraded_reasons: `{"meter_id", "history_days", "reason"}` of each of those: how many days the window has from
            its first reading on, and what was lacking.
        refused: `{"meter_id", "reason"}` of each meter that was left out; only with `partial`.
    """

    meter_ids: list[str]
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


def read_common(outputs: Mapping[str, np.ndarray], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of `MeterAnswer` from the outputs and the parameters of a v2 response."""
    return {
        "meter_ids": texts(outputs["meter_id"]),
        "model_versions": texts(outputs["model_version"]),
        "variants": texts(outputs["variant"]),
        "feature_age_seconds": outputs["feature_age_seconds"].astype(np.float32),
        "data_versions": outputs["data_version"].tolist(),
        "drift": str(parameters["drift"]),
        "drift_p": float(parameters["drift_p"]),  # text over gRPC, which has no floating-point parameters
        "drift_day": str(parameters["drift_day"]),
        "degraded": outputs["degraded"].astype(bool).tolist(),
        "degraded_reasons": json.loads(parameters.get("degraded_reasons", "[]")),
        "refused": json.loads(parameters.get("refused", "[]")),
    }


def texts(values: np.ndarray) -> list[str]:
    """A BYTES tensor as text."""
    return [value.decode() if isinstance(value, bytes) else str(value) for value in values]


class V2Client:
    """Sends inputs to one model.

    Args:
        url: Address of the REST API, for instance `http://127.0.0.1:8000`.
        grpc_address: Address of the gRPC API, for instance `127.0.0.1:8001`.
        model: Name of the model.
        timeout_seconds: Deadline of a request.
    """

    def __init__(self, url: str, grpc_address: str, model: str, timeout_seconds: float = 30.0) -> None:
        self._url, self._grpc_address, self._model = url, grpc_address, model
        self._timeout_seconds = timeout_seconds

    def ask_rest(self, inputs: Inputs, parameters: Parameters) -> tuple[Outputs, Mapping[str, Any]]:
        """Outputs and parameters of an answer over REST.

        Raises:
            ServiceError: The service can't be reached or can't answer.
            InvalidRequestError: The service refuses the request; the message is the service's.
        """
        tensors = [
            {
                "name": name,
                "shape": list(np.shape(values)),
                "datatype": _dtype(values),
                "data": np.ravel(values).tolist(),
            }
            for name, values in inputs.items()
        ]
        body = {"inputs": tensors, "parameters": dict(parameters)}
        answer = self._send("POST", f"/v2/models/{self._model}/infer", json=body).json()
        outputs = {item["name"]: np.reshape(item["data"], item["shape"]) for item in answer["outputs"]}
        return outputs, answer["parameters"]

    def ask_grpc(self, inputs: Inputs, parameters: Parameters) -> tuple[Outputs, Mapping[str, Any]]:
        """The same over gRPC.

        Raises:
            ServiceError: The service can't be reached or can't answer.
            InvalidRequestError: The service refuses the request; the message is the service's.
        """
        import grpc

        with _arguments_hidden():  # importing kserve parses them
            from kserve.protocol.grpc.grpc_predict_v2_pb2_grpc import GRPCInferenceServiceStub
            from kserve.protocol.infer_type import InferInput, InferRequest, InferResponse, to_http_parameters

        tensors = [
            InferInput(name, list(np.shape(values)), _dtype(values), _encoded(values))
            for name, values in inputs.items()
        ]
        request = InferRequest(self._model, tensors, parameters=dict(parameters))
        with grpc.insecure_channel(self._grpc_address) as channel:
            try:
                reply = GRPCInferenceServiceStub(channel).ModelInfer(request.to_grpc(), timeout=self._timeout_seconds)
            except grpc.RpcError as error:
                refused = error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
                raise _error(refused, str(error.details()), self._grpc_address) from error
        response = InferResponse.from_grpc(reply)
        outputs = {output.name: output.as_numpy() for output in response.outputs}
        return outputs, to_http_parameters(response.parameters)

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
            raise ServiceError(
                f"The service at {self._url} can't be reached: {str(error).rstrip('.')}.", _MEND
            ) from error
        if reply.is_error:
            raise _error(reply.is_client_error, _message(reply), self._url)
        return reply


def _dtype(values: Sequence[str] | np.ndarray) -> str:
    return _DTYPES[values.dtype.name] if isinstance(values, np.ndarray) else "BYTES"


def _encoded(values: Sequence[str] | np.ndarray) -> np.ndarray:
    return values if isinstance(values, np.ndarray) else np.array([text.encode() for text in values], dtype=object)


def _error(refused: bool, message: str, address: str) -> InvalidRequestError | ServiceError:
    if refused:
        return InvalidRequestError(message)
    return ServiceError(f"The service at {address} can't answer: {message.rstrip('.')}.", _MEND)


def _message(reply: httpx.Response) -> str:
    try:
        return str(reply.json()["error"])
    except (ValueError, KeyError, TypeError):
        return f"{reply.status_code} {reply.reason_phrase}"


@contextmanager
def _arguments_hidden() -> Iterator[None]:
    kept, sys.argv = sys.argv, sys.argv[:1]
    try:
        yield
    finally:
        sys.argv = kept
