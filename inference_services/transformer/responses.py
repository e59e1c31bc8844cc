"""The v2 response: outputs of the task, and those that every answer has."""

import json
import uuid
from collections.abc import Mapping

import numpy as np
from kserve.protocol.infer_type import InferOutput, InferRequest, InferResponse

from inference_services.tensors import TensorTypes
from inference_services.transformer.drift_monitor import DriftState
from inference_services.transformer.rows import Rows
from metrify.features.degradation import Degradation

Parameter = str | int | float
COMMON_OUTPUTS: TensorTypes = {
    "meter_id": ("BYTES", [-1]),
    "model_version": ("BYTES", [-1]),
    "variant": ("BYTES", [-1]),
    "feature_age_seconds": ("FP32", [-1]),
    "data_version": ("INT64", [-1]),
    "degraded": ("BOOL", [-1]),
}


def respond(
    request: InferRequest,
    model: str,
    rows: Rows,
    outputs: Mapping[str, tuple[str, np.ndarray]],
    variants: np.ndarray,
    versions: np.ndarray,
    degradation: Degradation,
    parameters: Mapping[str, Parameter],
) -> InferResponse:
    """Puts an answer together.

    Args:
        request: What is answered.
        model: Name of the model.
        rows: The N rows that are answered.
        outputs: Of the task, by name: v2 type and values.
        variants: `[N]` str.
        versions: `[N]` str, of the models.
        degradation: What the rows lack.
        parameters: Of every answer.
    """
    age = (np.datetime64("now", "s") - rows.origins).astype(np.float32)
    common = (
        np.array(rows.meters, dtype=object),
        versions,
        variants,
        age,
        rows.data_versions,
        degradation.is_degraded,
    )
    types = ((name, dtype) for name, (dtype, _) in COMMON_OUTPUTS.items())
    tensors = {**outputs, **{name: (dtype, data) for (name, dtype), data in zip(types, common, strict=True)}}
    told = dict(parameters)
    if degradation.is_degraded.any():
        told["degraded_reasons"] = json.dumps(degradation.listed(rows.meters))
    if rows.refused:
        told["refused"] = json.dumps(rows.refused)
    return build_response(request, model, tensors, told)


def drift_parameters(request: InferRequest, drift: DriftState) -> dict[str, Parameter]:
    """What is told of drift; v2 over gRPC has no floating-point parameters: there the p-value is text."""
    p_value = f"{drift.p_value:.6g}" if request.from_grpc else drift.p_value
    return {"drift": drift.verdict, "drift_p": p_value, "drift_day": drift.day}


def build_response(
    request: InferRequest,
    model: str,
    tensors: Mapping[str, tuple[str, np.ndarray]],
    parameters: dict[str, Parameter],
) -> InferResponse:
    """A v2 response to a request.

    Args:
        request: What is answered.
        model: Name of the model.
        tensors: By name: v2 type and values.
        parameters: Of the response.
    """
    return InferResponse(
        request.id or str(uuid.uuid4()),
        model,
        [InferOutput(name, list(data.shape), dtype, data) for name, (dtype, data) in tensors.items()],
        parameters=parameters,
        # Over gRPC arrays are always sent raw; asking for it again trips kserve over the arrays.
        use_binary_outputs=request.use_binary_outputs and not request.from_grpc,
        requested_outputs=request.request_outputs,
    )
