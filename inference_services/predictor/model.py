"""The predictor of a graph: it runs that of any bundle."""

import os

import numpy as np
from kserve.protocol.infer_type import InferRequest

from inference_services.predictor.tensor_model import TensorModel
from inference_services.tensors import TensorTypes, float_tensor, require_inputs, require_same_rows
from metrify.bundles.load import Bundle
from metrify.bundles.manifest import Tensor
from metrify.bundles.onnx_graph import OnnxGraph
from metrify.errors import BundleError
from metrify.features.model_features import may_lack


class OnnxPredictor(TensorModel):
    """Serves the graph of one bundle.

    Args:
        name: Name in the v2 protocol.
        bundle: A verified bundle.

    Raises:
        BundleError: The graph lacks an output that the manifest names.
    """

    def __init__(self, name: str, bundle: Bundle) -> None:
        super().__init__(name, bundle.manifest.version, min(4, os.cpu_count() or 1))
        self._manifest = bundle.manifest
        self._may_lack = {feature.name for feature in bundle.features if may_lack(feature)}
        self._graph = OnnxGraph(bundle.model_path)
        lacking = {tensor.name for tensor in self._manifest.outputs} - set(self._graph.output_names)
        if lacking:
            raise BundleError(f"The graph {bundle.model_path} lacks {', '.join(sorted(lacking))}.", "Train again.")
        self.ready = True

    @property
    def input_types(self) -> TensorTypes:
        """Those of the manifest."""
        return {tensor.name: _type(tensor) for tensor in self._manifest.inputs}

    @property
    def output_types(self) -> TensorTypes:
        """Likewise."""
        return {tensor.name: _type(tensor) for tensor in self._manifest.outputs}

    def compute(self, request: InferRequest) -> dict[str, np.ndarray]:
        """The manifest's outputs.

        Raises:
            InvalidRequestError: An input is missing, unknown, of a wrong type or shape, or not finite; what may
                lack may be NaN, such as weather that was not known.
        """
        tensors = {tensor.name: tensor for tensor in self._manifest.inputs}
        require_inputs(request, set(tensors))
        features = {
            item.name: float_tensor(item, tensors[item.name], item.name in self._may_lack) for item in request.inputs
        }
        require_same_rows(features)
        found = self._graph.run(features)
        return {tensor.name: found[tensor.name] for tensor in self._manifest.outputs}


def _type(tensor: Tensor) -> tuple[str, list[int]]:
    return tensor.dtype, list(tensor.shape)
