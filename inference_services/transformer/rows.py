"""Finds the rows of a request that can be answered, and says which can't and why."""

from dataclasses import dataclass

import numpy as np

from inference_services.transformer.requests import ForecastRequest
from metrify.adapters.meter_windows import MeterWindows
from metrify.errors import FeatureStoreError, InsufficientHistoryError, InvalidRequestError, UnknownMeterError

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
        data_versions: `[N]` int64, see `MeterWindows`.
        refused: `{"meter_id", "reason"}` of each row that is left out.
        stations: `[N]` weather stations, None where one is not known; none at all where nobody asked.
    """

    meters: list[str]
    pseudonyms: list[str]
    windows: np.ndarray
    origins: np.ndarray
    data_versions: np.ndarray
    refused: list[dict[str, str]]
    stations: list[str | None]


def find_rows(request: ForecastRequest, pseudonyms: list[str], found: MeterWindows, sequence_length: int) -> Rows:
    """Chooses the rows that can be answered.

    Args:
        request: What the client asks for.
        pseudonyms: `[N]` of its meters.
        found: What the store holds of them.
        sequence_length: Intervals that the model reads.

    Raises:
        FeatureStoreError: The store could not be asked for a meter, and `partial` is off or nothing is left.
        UnknownMeterError: A meter is unknown, and `partial` is off or nothing is left.
        InsufficientHistoryError: A window has gaps or is too short, and `partial` is off or nothing is left.
        InvalidRequestError: An origin is not the one that the store holds.
    """
    windows, ends = found.windows, found.ends
    unknown = np.isnat(ends) & ~found.unavailable
    complete = np.zeros(len(ends), bool)
    if windows.shape[1] >= sequence_length:
        windows = windows[:, -sequence_length:]
        complete = np.isfinite(windows).all(axis=1)
    usable = complete & ~np.isnat(ends)
    if not usable.all() and not (request.partial and usable.any()):
        _refuse(request.meters, found, unknown, sequence_length, usable)
    _require_origins(request, ends, usable)
    kept = np.flatnonzero(usable)
    reasons = np.select([found.unavailable, unknown], [f"features unavailable: {found.reason}", _UNKNOWN], _SHORT)
    refused = [{"meter_id": request.meters[row], "reason": str(reasons[row])} for row in np.flatnonzero(~usable)]
    return Rows(
        [request.meters[row] for row in kept],
        [pseudonyms[row] for row in kept],
        windows[kept],
        ends[kept],
        found.data_versions[kept],
        refused,
        [found.stations[row] for row in kept] if found.stations else [],
    )


def _refuse(
    meters: list[str], found: MeterWindows, unknown: np.ndarray, sequence_length: int, usable: np.ndarray
) -> None:
    others = "Set the parameter partial (`--partial` on the command line) to get the other rows."
    mend = others if usable.any() else ""
    if found.unavailable.any():
        names = ", ".join(_names(meters, found.unavailable))
        raise FeatureStoreError(
            f"The features of these meters are unavailable ({found.reason}): {names}.", mend or "Try again in a moment."
        )
    if unknown.any():
        strangers = _names(meters, unknown)
        raise UnknownMeterError(f"Unknown meters: {', '.join(strangers)}.", strangers, mend)
    short = _names(meters, ~usable)
    raise InsufficientHistoryError(
        f"Meters without {sequence_length} intervals of readings in a row: {', '.join(short)}.", short, mend
    )


def _names(meters: list[str], rows: np.ndarray) -> list[str]:
    return list(dict.fromkeys(meters[row] for row in np.flatnonzero(rows)))


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
