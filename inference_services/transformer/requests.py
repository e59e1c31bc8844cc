"""What a client asks for."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from kserve.protocol.infer_type import InferRequest, to_http_parameters

from inference_services.tensors import require_inputs, string_tensor
from metrify.errors import InvalidRequestError

METER_INPUT = "meter_id"
ORIGIN_INPUT = "origin"
MAX_ROWS = 10_000


@dataclass(frozen=True)
class ForecastRequest:
    """A parsed request.

    Attributes:
        meters: `[N]` as the client named them.
        origins: `[N]` datetime64[s] UTC, or None for the newest.
        partial: Whether to answer the rows that can be answered.
        horizon: Intervals that are wanted of each forecast; None for all that the model gives.
    """

    meters: list[str]
    origins: np.ndarray | None
    partial: bool
    horizon: int | None = None


def parse_request(request: InferRequest) -> ForecastRequest:
    """Reads a v2 request.

    Raises:
        InvalidRequestError: It is not in the contract's form.
    """
    require_inputs(request, {METER_INPUT}, frozenset({ORIGIN_INPUT}))
    meters = string_tensor(request.get_input_by_name(METER_INPUT))
    if len(meters) > MAX_ROWS:
        raise InvalidRequestError(f"The request has {len(meters)} rows.", f"Send {MAX_ROWS} at most.")
    origin = request.get_input_by_name(ORIGIN_INPUT)
    origins = None if origin is None else np.array([_instant(text) for text in string_tensor(origin)], "datetime64[s]")
    if origins is not None and len(origins) != len(meters):
        raise InvalidRequestError(
            f"Input origin has {len(origins)} rows, meter_id {len(meters)}.", "Send one origin a meter, or none."
        )
    parameters = to_http_parameters(request.parameters or {})
    partial, horizon = parameters.get("partial", False), parameters.get("horizon")
    if not isinstance(partial, bool):
        raise InvalidRequestError(f"The parameter partial is {partial!r}.", "Send true or false.")
    if horizon is not None and (not isinstance(horizon, int) or isinstance(horizon, bool) or horizon < 1):
        raise InvalidRequestError(f"The parameter horizon is {horizon!r}.", "Send a number of intervals, 1 or more.")
    return ForecastRequest(meters, origins, partial, horizon)


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = datetime.min
    if instant.tzinfo is None:
        raise InvalidRequestError(f"The origin {text} is no RFC 3339 time.", "Send for instance 2024-05-01T00:00:00Z.")
    return instant.astimezone(UTC).replace(tzinfo=None)
