"""What a client asks of a detector."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from kserve.protocol.infer_type import InferRequest

from inference_services.transformer.requests import read_flag, read_meters, read_own_input
from metrify.errors import InvalidRequestError

DAY_INPUT = "day"
CONTRIBUTION = "contribution"  # an output, and the parameter that leaves it out


@dataclass(frozen=True)
class DayRequest:
    """A parsed request.

    Attributes:
        meters: `[N]` as the client named them.
        days: `[N]` datetime64[D] local days, or None for the newest whole day of each meter.
        partial: Whether to answer the rows that can be answered.
        with_contribution: Whether to say what each reading adds to the score.
    """

    meters: list[str]
    days: np.ndarray | None
    partial: bool
    with_contribution: bool = True


def parse_request(request: InferRequest) -> DayRequest:
    """Reads a v2 request.

    Raises:
        InvalidRequestError: It is not in the contract's form.
    """
    meters = read_meters(request, DAY_INPUT)
    days = read_own_input(request, DAY_INPUT, _date, len(meters))
    return DayRequest(
        meters,
        None if days is None else np.array(days, "datetime64[D]"),
        read_flag(request, "partial"),
        read_flag(request, CONTRIBUTION, default=True),
    )


def _date(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:  # Python also reads weeks and dates without dashes
        raise InvalidRequestError(f"The day {text} is no ISO date.", "Send for instance 2024-05-01.")
    return found
