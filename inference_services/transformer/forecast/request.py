"""What a client asks of a forecaster."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from kserve.protocol.infer_type import InferRequest, to_http_parameters

from inference_services.transformer.requests import read_flag, read_meters, read_own_input
from metrify.errors import InvalidRequestError

ORIGIN_INPUT = "origin"


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
    meters = read_meters(request, ORIGIN_INPUT)
    origins = read_own_input(request, ORIGIN_INPUT, parse_instant, len(meters))
    horizon = to_http_parameters(request.parameters or {}).get("horizon")
    if horizon is not None and (not isinstance(horizon, int) or isinstance(horizon, bool) or horizon < 1):
        raise InvalidRequestError(f"The parameter horizon is {horizon!r}.", "Send a number of intervals, 1 or more.")
    stamps = None if origins is None else np.array(origins, "datetime64[s]")
    return ForecastRequest(meters, stamps, read_flag(request, "partial"), horizon)


def parse_instant(text: str) -> datetime:
    """A time, UTC, without its zone.

    Raises:
        InvalidRequestError: It is no RFC 3339 time.
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = datetime.min
    if instant.tzinfo is None:
        raise InvalidRequestError(f"The origin {text} is no RFC 3339 time.", "Send for instance 2024-05-01T00:00:00Z.")
    return instant.astimezone(UTC).replace(tzinfo=None)
