"""Calls the predictors of the variants over gRPC v2."""

import asyncio
from collections.abc import Mapping

import grpc
import numpy as np
from kserve.protocol.grpc.grpc_predict_v2_pb2_grpc import GRPCInferenceServiceStub
from kserve.protocol.infer_type import InferInput, InferRequest, InferResponse, to_http_parameters
from kserve.utils.numpy_codec import from_np_dtype

from inference_services.transformer.endpoints import Endpoints
from metrify.errors import PredictorRefusedError, PredictorUnavailableError

_OPTIONS = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),  # a predictor that comes back is used at once
]


class Predictors:
    """Clients of all variants.

    Args:
        model_name: Name of the model in the v2 protocol.
        endpoints: Where each variant listens.
        max_batch_size: Rows of one call.
        timeout_seconds: Deadline of one call.
    """

    def __init__(self, model_name: str, endpoints: Endpoints, max_batch_size: int, timeout_seconds: float) -> None:
        self._model_name = model_name
        self._endpoints = endpoints
        self._max_batch_size = max_batch_size
        self._timeout_seconds = timeout_seconds
        self._channels: dict[str, tuple[str, grpc.aio.Channel]] = {}

    def is_known(self, variant: str) -> bool:
        """Whether the variant has an address."""
        return self._endpoints(variant) is not None

    async def predict(self, variant: str, features: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], str]:
        """Outputs by name, `[N, ...]`, and the model's version, from arrays `[N, ...]` by input name.

        Raises:
            PredictorUnavailableError: The variant's predictor can't be reached, fails, or misses the deadline.
            PredictorRefusedError: It says that what it is asked for has no answer.
        """
        rows = len(next(iter(features.values())))
        starts = range(0, rows, self._max_batch_size)
        chunks = [{name: array[i : i + self._max_batch_size] for name, array in features.items()} for i in starts]
        answers = await asyncio.gather(*(self._call(variant, chunk) for chunk in chunks))
        outputs = {name: np.concatenate([values[name] for values, _ in answers]) for name in answers[0][0]}
        return outputs, answers[0][1]

    async def _call(self, variant: str, features: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], str]:
        inputs = [
            InferInput(name, list(array.shape), from_np_dtype(array.dtype), array) for name, array in features.items()
        ]
        request = InferRequest(self._model_name, inputs).to_grpc()
        stub = GRPCInferenceServiceStub(await self._channel(variant))
        try:
            reply = await stub.ModelInfer(request, timeout=self._timeout_seconds)
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.FAILED_PRECONDITION:
                raise PredictorRefusedError(str(error.details())) from error
            status, details = error.code().name, error.details()
            raise PredictorUnavailableError(
                f"The predictor of variant {variant} did not answer ({status}: {details}).",
                "Try again; if it lasts, look at its log.",
            ) from error
        response = InferResponse.from_grpc(reply)
        version = str(to_http_parameters(response.parameters).get("model_version", ""))
        return {output.name: output.as_numpy() for output in response.outputs}, version

    async def _channel(self, variant: str) -> grpc.aio.Channel:
        address = self._endpoints(variant)
        if address is None:
            raise PredictorUnavailableError(f"The predictor of variant {variant} has no address.", "Start it.")
        known = self._channels.get(variant)
        if known is not None and known[0] == address:
            return known[1]
        channel = grpc.aio.insecure_channel(address, options=_OPTIONS)
        self._channels[variant] = address, channel
        if known is not None:
            await known[1].close(grace=self._timeout_seconds)
        return channel
