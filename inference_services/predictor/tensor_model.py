"""What all predictors share: tensors in, tensors out, off the event loop."""

import uuid
from abc import ABC, abstractmethod

import kserve
import numpy as np
from kserve.protocol.infer_type import InferOutput, InferRequest, InferResponse
from kserve.utils.numpy_codec import from_np_dtype

from inference_services.executor import BoundedExecutor
from inference_services.tensors import TensorTypes, described, require_v2

_MAX_PENDING = 256


class TensorModel(kserve.Model, ABC):
    """A model that answers a v2 request with tensors and its version.

    Args:
        name: Name in the v2 protocol.
        version: Of the bundle.
        workers: Threads that compute.
    """

    def __init__(self, name: str, version: str, workers: int) -> None:
        super().__init__(name)
        self._version = version
        self._executor = BoundedExecutor(workers, _MAX_PENDING, "compute")

    @property
    @abstractmethod
    def input_types(self) -> TensorTypes:
        """The inputs, all of which are needed."""

    @property
    @abstractmethod
    def output_types(self) -> TensorTypes:
        """The outputs."""

    @abstractmethod
    def compute(self, request: InferRequest) -> dict[str, np.ndarray]:
        """The outputs by name, `[N, ...]`. It runs in a thread.

        Raises:
            InvalidRequestError: An input is missing, unknown, or of a wrong type, shape or value.
        """

    def get_input_types(self) -> list[dict[str, object]]:
        """Inputs, for the model's metadata."""
        return described(self.input_types)

    def get_output_types(self) -> list[dict[str, object]]:
        """Outputs, for the model's metadata."""
        return described(self.output_types)

    async def predict(self, payload: object, headers: dict[str, str] | None = None) -> InferResponse:
        """Answers a v2 request.

        Raises:
            MetrifyError: See `compute`; or too many calls are waiting.
        """
        request = require_v2(payload)
        values = await self._executor.run(self.compute, request)
        return InferResponse(
            request.id or str(uuid.uuid4()),
            self.name,
            [InferOutput(name, list(data.shape), from_np_dtype(data.dtype), data) for name, data in values.items()],
            parameters={"model_version": self._version},
            # Over gRPC arrays are always sent raw; asking for it again trips kserve over the arrays.
            use_binary_outputs=request.use_binary_outputs and not request.from_grpc,
            requested_outputs=request.request_outputs,
        )
