"""The predictor: tensors in, tensors out. It runs the graph of any bundle."""

import os
import uuid

import kserve
import numpy as np
from kserve.protocol.infer_type import InferOutput, InferRequest, InferResponse

from inference_services.executor import BoundedExecutor
from inference_services.tensors import float_tensor, require_inputs, require_v2
from metrify.bundles.load import Bundle
from metrify.bundles.manifest import Tensor
from metrify.bundles.onnx_graph import OnnxGraph
from metrify.errors import BundleError, InvalidRequestError
from metrify.features.model_features import may_lack

_MAX_PENDING = 256


class OnnxPredictor(kserve.Model):
    """Serves the graph of one bundle.

    Args:
        name: Name in the v2 protocol.
        bundle: A verified bundle.

    Raises:
        BundleError: The graph lacks an output that the manifest names.
    """

    def __init__(self, name: str, bundle: Bundle) -> None:
        super().__init__(name)
        self._manifest = bundle.manifest
        self._may_lack = {feature.name for feature in bundle.features if may_lack(feature)}
        self._graph = OnnxGraph(bundle.model_path)
        lacking = {tensor.name for tensor in self._manifest.outputs} - set(self._graph.output_names)
        if lacking:
            raise BundleError(f"The graph {bundle.model_path} lacks {', '.join(sorted(lacking))}.", "Train again.")
        self._executor = BoundedExecutor(min(4, os.cpu_count() or 1), _MAX_PENDING, "onnx")
        self.ready = True

    def get_input_types(self) -> list[dict[str, object]]:
        """Inputs of the manifest, for the model's metadata."""
        return [_described(tensor) for tensor in self._manifest.inputs]

    def get_output_types(self) -> list[dict[str, object]]:
        """Outputs of the manifest, for the model's metadata."""
        return [_described(tensor) for tensor in self._manifest.outputs]

    async def predict(self, payload: object, headers: dict[str, str] | None = None) -> InferResponse:
        """The manifest's outputs of a v2 request.

        Raises:
            InvalidRequestError: An input is missing, unknown, of a wrong type or shape, or not finite; what may
                lack may be NaN, such as weather that was not known.
        """
        request = require_v2(payload)
        values = await self._executor.run(self._predict, request)
        return InferResponse(
            request.id or str(uuid.uuid4()),
            self.name,
            [
                InferOutput(tensor.name, list(values[tensor.name].shape), tensor.dtype, values[tensor.name])
                for tensor in self._manifest.outputs
            ],
            parameters={"model_version": self._manifest.version},
            # Over gRPC arrays are always sent raw; asking for it again trips kserve over the arrays.
            use_binary_outputs=request.use_binary_outputs and not request.from_grpc,
            requested_outputs=request.request_outputs,
        )

    def _predict(self, request: InferRequest) -> dict[str, np.ndarray]:
        tensors = {tensor.name: tensor for tensor in self._manifest.inputs}
        require_inputs(request, set(tensors))
        features = {
            item.name: float_tensor(item, tensors[item.name], item.name in self._may_lack) for item in request.inputs
        }
        rows = {name: len(values) for name, values in features.items()}
        if len(set(rows.values())) > 1:
            raise InvalidRequestError(f"The inputs have different numbers of rows: {rows}.", "Send the same number.")
        return self._graph.run(features)


def _described(tensor: Tensor) -> dict[str, object]:
    return {"name": tensor.name, "datatype": tensor.dtype, "shape": list(tensor.shape)}
