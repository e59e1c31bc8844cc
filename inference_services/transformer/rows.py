"""The rows of a request that can be answered, and which can't and why."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from inference_services.transformer.requests import MeterRequest
from metrify.adapters.meter_windows import MeterWindows
from metrify.errors import FeatureStoreError, InsufficientHistoryError, RefusedMetersError, UnknownMeterError

_UNKNOWN = "unknown meter"


@dataclass(frozen=True)
class Refusal:
    """A kind of reason why a meter that is known can't be answered: what it is called, and the error that tells it."""

    title: str
    error: type[RefusedMetersError]


SHORT = Refusal("insufficient history", InsufficientHistoryError)


@dataclass(frozen=True)
class PreparedWindows:
    """Windows of n known meters as a model reads them.

    Attributes:
        windows: `[n, sequence_length]` float32 kWh.
        ends: `[n]` datetime64[s] UTC, when they end.
        refusals: `[n]` Refusal, None where a row can be answered.
        reasons: `[n]` str why a row is refused, or else what its window lacks; empty where that is nothing.
        history_days: `[n]` float32 days from the first reading in the window to its end.
        measured_share: `[n]` share of the window that was measured.
    """

    windows: np.ndarray
    ends: np.ndarray
    refusals: np.ndarray
    reasons: np.ndarray
    history_days: np.ndarray
    measured_share: np.ndarray


@dataclass(frozen=True)
class Rows:
    """The rows that can be answered, in the request's order.

    Attributes:
        places: `[N]` where they are in the request.
        meters: As the client named them.
        pseudonyms: As the stores know them.
        windows: `[N, sequence_length]` float32 kWh as the model reads them.
        origins: `[N]` datetime64[s] UTC, when the windows end.
        data_versions: `[N]` int64, see `MeterWindows`.
        window_faults: `[N]` what a window lacked; empty where it is as it was measured.
        history_days: `[N]` float32 days from the first reading in the window to its end.
        measured_share: `[N]` share of the window that was measured.
        refused: `{"meter_id", "reason"}` of each row that is left out.
        stations: `[N]` weather stations, None where one is not known; none at all where nobody asked.
        static: `[N]` what else is known of the meters, see `MeterWindows`; likewise.
    """

    places: np.ndarray
    meters: list[str]
    pseudonyms: list[str]
    windows: np.ndarray
    origins: np.ndarray
    data_versions: np.ndarray
    window_faults: np.ndarray
    history_days: np.ndarray
    measured_share: np.ndarray
    refused: list[dict[str, str]]
    stations: list[str | None]
    static: list[Mapping[str, str] | None]


def choose_rows(
    request: MeterRequest,
    pseudonyms: list[str],
    found: MeterWindows,
    prepare: Callable[[np.ndarray], PreparedWindows],
) -> Rows:
    """Chooses the rows that can be answered.

    Args:
        request: What the client asks for.
        pseudonyms: `[N]` of its meters.
        found: What the store holds of them.
        prepare: From the places of known meters in the request, `[n]`, to their windows.

    Raises:
        FeatureStoreError: The store could not be asked for a meter, and `partial` is off or nothing is left.
        UnknownMeterError: A meter is unknown, and `partial` is off or nothing is left.
        RefusedMetersError: A known one is refused, likewise.
    """
    known = np.flatnonzero(~np.isnat(found.ends))
    prepared = prepare(known)
    refusals = np.full(len(found.ends), None, object)
    refusals[known] = prepared.refusals
    reasons = np.where(found.unavailable, f"features unavailable: {found.reason}", _UNKNOWN).astype(object)
    reasons[known] = prepared.reasons
    own = np.array([refusal is None for refusal in prepared.refusals], bool)
    kept = known[own]
    if len(kept) < len(reasons) and not (request.partial and len(kept)):
        _refuse(request.meters, found, refusals, reasons, has_others=len(kept) > 0)
    left_out = np.setdiff1d(np.arange(len(reasons)), kept).tolist()
    return Rows(
        kept,
        [request.meters[row] for row in kept],
        [pseudonyms[row] for row in kept],
        prepared.windows[own],
        prepared.ends[own],
        found.data_versions[kept],
        prepared.reasons[own],
        prepared.history_days[own],
        prepared.measured_share[own],
        [{"meter_id": request.meters[row], "reason": _told(refusals[row], reasons[row])} for row in left_out],
        [found.stations[row] for row in kept] if found.stations else [],
        [found.static[row] for row in kept] if found.static else [],
    )


def _told(refusal: Refusal | None, reason: str) -> str:
    return f"{refusal.title}: {reason}" if refusal else reason


_UNKNOWN_MEND = "Check the numbers; `metrify data quality` tells of meters that are rejected."


def _refuse(
    meters: list[str], found: MeterWindows, refusals: np.ndarray, reasons: np.ndarray, has_others: bool
) -> None:
    others = "Set the parameter partial (`--partial` on the command line) to get the other rows."
    mend = others if has_others else ""
    if found.unavailable.any():
        names = ", ".join(_names(meters, found.unavailable))
        raise FeatureStoreError(
            f"The features of these meters are unavailable ({found.reason}): {names}.", mend or "Try again in a moment."
        )
    unknown = np.isnat(found.ends)
    if unknown.any():
        strangers = _names(meters, unknown)
        raise UnknownMeterError(f"Unknown meters: {', '.join(strangers)}.", strangers, mend or _UNKNOWN_MEND)
    first = next(refusal for refusal in refusals if refusal is not None)  # the others are told once this is mended
    alike = {meters[row]: reasons[row] for row, refusal in enumerate(refusals) if refusal is first}
    told = ", ".join(f"{meter} ({reason})" for meter, reason in alike.items())
    raise first.error(f"Meters with {first.title}: {told}.", list(alike), mend)


def _names(meters: list[str], rows: np.ndarray) -> list[str]:
    return list(dict.fromkeys(meters[row] for row in np.flatnonzero(rows)))
