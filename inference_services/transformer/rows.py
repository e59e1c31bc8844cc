"""Finds the rows of a request that can be answered, and says which can't and why."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from inference_services.transformer.requests import ForecastRequest
from inference_services.transformer.windows import WindowReader
from metrify.errors import InsufficientHistoryError, InvalidRequestError, UnknownMeterError

_UNKNOWN = "unknown meter"
_SHORT = "insufficient history"


@dataclass(frozen=True)
class Rows:
    """The rows that can be answered, in the request's order.

    Attributes:
        meters: As the client named them.
        pseudonyms: As the stores know them.
        windows: `[N, sequence_length]` float32 kWh without gaps.
        origins: `[N]` datetime64[s] UTC.
        refused: `{"meter_id", "reason"}` of each row that is left out.
    """

    meters: list[str]
    pseudonyms: list[str]
    windows: np.ndarray
    origins: np.ndarray
    refused: list[dict[str, str]]


def find_rows(
    request: ForecastRequest, reader: WindowReader, pseudonym: Callable[[str], str], sequence_length: int
) -> Rows:
    """Reads the windows of a request's meters.

    Raises:
        UnknownMeterError: A meter is unknown, and `partial` is off or nothing is left.
        InsufficientHistoryError: A window has gaps or is too short, and `partial` is off or nothing is left.
        InvalidRequestError: An origin is not the one that the store holds.
    """
    pseudonyms = [pseudonym(meter) for meter in request.meters]
    windows, ends = reader.read(pseudonyms)
    unknown = np.isnat(ends)
    complete = np.zeros(len(ends), bool)
    if windows.shape[1] >= sequence_length:
        windows = windows[:, -sequence_length:]
        complete = np.isfinite(windows).all(axis=1)
    usable = complete & ~unknown
    if not usable.all() and not (request.partial and usable.any()):
        _refuse(request.meters, unknown, sequence_length, usable)
    _require_origins(request, ends, usable)
    kept = np.flatnonzero(usable)
    refused = [
        {"meter_id": request.meters[row], "reason": _UNKNOWN if unknown[row] else _SHORT}
        for row in np.flatnonzero(~usable)
    ]
    return Rows(
        [request.meters[row] for row in kept], [pseudonyms[row] for row in kept], windows[kept], ends[kept], refused
    )


def _refuse(meters: list[str], unknown: np.ndarray, sequence_length: int, usable: np.ndarray) -> None:
    others = "Set the parameter partial (`--partial` on the command line) to get the other rows."
    mend = others if usable.any() else ""
    if unknown.any():
        names = list(dict.fromkeys(meters[row] for row in np.flatnonzero(unknown)))
        raise UnknownMeterError(f"Unknown meters: {', '.join(names)}.", names, mend)
    names = list(dict.fromkeys(meters[row] for row in np.flatnonzero(~usable)))
    raise InsufficientHistoryError(
        f"Meters without {sequence_length} intervals of readings in a row: {', '.join(names)}.", names, mend
    )


def _require_origins(request: ForecastRequest, ends: np.ndarray, usable: np.ndarray) -> None:
    if request.origins is None:
        return
    wrong = np.flatnonzero(usable & (request.origins != ends))
    if len(wrong):
        row = wrong[0]
        raise InvalidRequestError(
            f"Input origin asks for {request.origins[row]}Z of meter {request.meters[row]}.",
            f"The store holds the origin {ends[row]}Z; ask for that, or leave origin out.",
        )
