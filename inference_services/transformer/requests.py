"""What clients may ask of any model: rows by meter, and an input and parameters of the model's own."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from kserve.protocol.infer_type import InferRequest, to_http_parameters

from inference_services.tensors import require_inputs, string_tensor
from metrify.errors import InvalidRequestError

METER_INPUT = "meter_id"
MAX_ROWS = 10_000
T = TypeVar("T")


class MeterRequest(Protocol):
    """A parsed request."""

    @property
    def meters(self) -> list[str]:
        """`[N]` as the client named them."""

    @property
    def partial(self) -> bool:
        """Whether to answer the rows that can be answered."""


def read_meters(request: InferRequest, own_input: str) -> list[str]:
    """The meters of a request, `[N]`.

    Args:
        request: A v2 request.
        own_input: Name of the input that the model may be sent beside them.

    Raises:
        InvalidRequestError: It is not in the contract's form.
    """
    require_inputs(request, {METER_INPUT}, frozenset({own_input}))
    meters = string_tensor(request.get_input_by_name(METER_INPUT))
    if len(meters) > MAX_ROWS:
        raise InvalidRequestError(f"The request has {len(meters)} rows.", f"Send {MAX_ROWS} at most.")
    return meters


def read_own_input(request: InferRequest, name: str, parse: Callable[[str], T], rows: int) -> list[T] | None:
    """What a text input says of each row, `[N]`; None where it is not sent.

    Raises:
        InvalidRequestError: It has another number of rows, or `parse` refuses one.
    """
    item = request.get_input_by_name(name)
    if item is None:
        return None
    values = [parse(text) for text in string_tensor(item)]
    if len(values) != rows:
        raise InvalidRequestError(
            f"Input {name} has {len(values)} rows, meter_id {rows}.", f"Send one {name} a meter, or none."
        )
    return values


def read_flag(request: InferRequest, name: str, default: bool = False) -> bool:
    """A parameter that is true or false.

    Raises:
        InvalidRequestError: It is neither.
    """
    value = to_http_parameters(request.parameters or {}).get(name, default)
    if not isinstance(value, bool):
        raise InvalidRequestError(f"The parameter {name} is {value!r}.", "Send true or false.")
    return value
