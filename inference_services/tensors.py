"""Reads v2 tensors strictly: what is wrong is named by field."""

import struct
from collections.abc import Mapping, Sequence

import numpy as np
from kserve.protocol.infer_type import InferInput, InferRequest

from metrify.bundles.manifest import Tensor
from metrify.errors import InvalidRequestError

TensorTypes = dict[str, tuple[str, list[int]]]  # v2 type and shape by name


def described(tensors: TensorTypes) -> list[dict[str, object]]:
    """Tensors as the metadata of a model tells them."""
    return [{"name": name, "datatype": dtype, "shape": shape} for name, (dtype, shape) in tensors.items()]


def require_v2(payload: object) -> InferRequest:
    """The payload as a v2 request.

    Raises:
        InvalidRequestError: It came over another protocol, or names an input twice.
    """
    if not isinstance(payload, InferRequest):
        raise InvalidRequestError("This model answers the v2 protocol only.", "Send it to /v2/models/NAME/infer.")
    names = [item.name for item in payload.inputs]
    if len(set(names)) != len(names):
        raise InvalidRequestError(f"An input is sent twice: {', '.join(names)}.", "Send each input once.")
    return payload


def require_inputs(request: InferRequest, required: set[str], optional: frozenset[str] = frozenset()) -> None:
    """Checks the names of a request's inputs.

    Raises:
        InvalidRequestError: One is missing or unknown.
    """
    names = {item.name for item in request.inputs}
    for problem, odd in (("lacks", required - names), ("has the unknown", names - required - optional)):
        if odd:
            expected = ", ".join(sorted(required | optional))
            raise InvalidRequestError(f"The request {problem} input {', '.join(sorted(odd))}.", f"Send {expected}.")


def float_tensor(item: InferInput, tensor: Tensor, may_lack: bool = False) -> np.ndarray:
    """A finite FP32 tensor in the manifest's shape.

    Args:
        item: The input.
        tensor: What the manifest says of it.
        may_lack: Whether NaN is allowed, which says that a value was not known.

    Raises:
        InvalidRequestError: The type, shape or a value is wrong.
    """
    values = typed_tensor(item, tensor.dtype, tensor.shape)
    if not (np.isfinite(values) | (may_lack & np.isnan(values))).all():
        raise InvalidRequestError(f"Input {item.name} has values that are not finite.", "Send finite numbers only.")
    return values


def typed_tensor(item: InferInput, dtype: str, shape: Sequence[int]) -> np.ndarray:
    """A tensor of a type in a shape, of which -1 is any size, and the first one is that of the rows.

    Raises:
        InvalidRequestError: The type or shape is wrong, or there is no row.
    """
    values = _decode(item, dtype)
    free = tuple(size if expected == -1 else expected for size, expected in zip(item.shape, shape, strict=False))
    if len(item.shape) != len(shape) or tuple(item.shape) != free or not len(values):
        raise InvalidRequestError(
            f"Input {item.name} has shape {list(item.shape)}.", f"Send {list(shape)}, at least one row."
        )
    return values


def require_same_rows(values: Mapping[str, np.ndarray]) -> None:
    """Checks that all inputs have the same number of rows.

    Raises:
        InvalidRequestError: They have not.
    """
    rows = {name: len(array) for name, array in values.items()}
    if len(set(rows.values())) > 1:
        raise InvalidRequestError(f"The inputs have different numbers of rows: {rows}.", "Send the same number.")


def string_tensor(item: InferInput) -> list[str]:
    """A BYTES tensor `[N]` as text.

    Raises:
        InvalidRequestError: The type, shape or encoding is wrong, or it is empty.
    """
    values = _decode(item, "BYTES")
    if values.ndim != 1 or not len(values):
        raise InvalidRequestError(f"Input {item.name} has shape {list(item.shape)}.", "Send [N], at least one row.")
    try:
        texts = [value.decode() if isinstance(value, bytes) else value for value in values.tolist()]
    except UnicodeDecodeError as error:
        raise InvalidRequestError(f"Input {item.name} is not UTF-8.", "Send UTF-8 text.") from error
    if not all(isinstance(text, str) and text for text in texts):
        raise InvalidRequestError(f"Input {item.name} has entries that are no text.", "Send non-empty text only.")
    return texts


def _decode(item: InferInput, dtype: str) -> np.ndarray:
    if item.datatype != dtype:
        raise InvalidRequestError(f"Input {item.name} has type {item.datatype}.", f"Send {dtype}.")
    if any(size < 0 for size in item.shape):
        raise InvalidRequestError(f"Input {item.name} has shape {list(item.shape)}.", "Send sizes that are known.")
    try:
        return item.as_numpy()
    except (ValueError, TypeError, struct.error) as error:
        raise InvalidRequestError(
            f"The data of input {item.name} does not fit its shape {list(item.shape)} and type {dtype}.",
            "Send as many values as the shape says.",
        ) from error
