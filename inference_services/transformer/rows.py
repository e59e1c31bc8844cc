"""Finds the rows of a request that can be answered, completes their windows, and says which can't and why."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from inference_services.transformer.requests import ForecastRequest
from metrify.adapters.meter_windows import MeterWindows
from metrify.errors import FeatureStoreError, InsufficientHistoryError, InvalidRequestError, UnknownMeterError
from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.cold_start import ColdStartProfile
from metrify.features.complete_windows import complete_windows

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
        window_faults: `[N]` what a window was completed from; empty where it is as it was measured.
        history_days: `[N]` float32 days from the first reading in the window to its end.
        measured_share: `[N]` share of the window that was measured.
        refused: `{"meter_id", "reason"}` of each row that is left out.
        stations: `[N]` weather stations, None where one is not known; none at all where nobody asked.
        static: `[N]` what else is known of the meters, see `MeterWindows`; likewise.
    """

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


def find_rows(
    request: ForecastRequest,
    pseudonyms: list[str],
    found: MeterWindows,
    context: FeatureContext,
    profile: ColdStartProfile | None,
) -> Rows:
    """Chooses the rows that can be answered, and completes windows that lack readings.

    Args:
        request: What the client asks for.
        pseudonyms: `[N]` of its meters.
        found: What the store holds of them.
        context: Of the bundle: how much the model reads.
        profile: Of the bundle: what windows are completed by.

    Raises:
        FeatureStoreError: The store could not be asked for a meter, and `partial` is off or nothing is left.
        UnknownMeterError: A meter is unknown, and `partial` is off or nothing is left.
        InsufficientHistoryError: A window lacks too much, and `partial` is off or nothing is left.
        InvalidRequestError: An origin is not the one that the store holds.
    """
    ends = found.ends
    known = np.flatnonzero(~np.isnat(ends))
    windows = _newest_intervals(found.windows[known], context.sequence_length)
    completed = complete_windows(FeatureBatch(windows, ends[known], context), profile)
    reasons = np.where(found.unavailable, f"features unavailable: {found.reason}", _UNKNOWN).astype(object)
    reasons[known] = [reason and f"{_SHORT}: {reason}" for reason in completed.reasons]
    usable = np.zeros(len(ends), bool)
    usable[known] = completed.is_usable
    if not usable.all() and not (request.partial and usable.any()):
        _refuse(request.meters, found, reasons, usable)
    _require_origins(request, ends, usable)
    kept, own = known[completed.is_usable], completed.is_usable
    return Rows(
        [request.meters[row] for row in kept],
        [pseudonyms[row] for row in kept],
        completed.windows[own],
        ends[kept],
        found.data_versions[kept],
        completed.reasons[own],
        completed.history_days[own],
        completed.measured_share[own],
        [{"meter_id": request.meters[row], "reason": reasons[row]} for row in np.flatnonzero(~usable)],
        [found.stations[row] for row in kept] if found.stations else [],
        [found.static[row] for row in kept] if found.static else [],
    )


def _newest_intervals(windows: np.ndarray, length: int) -> np.ndarray:
    """The last intervals of windows, `[N, length]`; NaN where the store keeps fewer."""
    lacking = max(length - windows.shape[1], 0)
    return np.pad(windows, ((0, 0), (lacking, 0)), constant_values=np.nan)[:, -length:]


def _refuse(meters: list[str], found: MeterWindows, reasons: np.ndarray, usable: np.ndarray) -> None:
    others = "Set the parameter partial (`--partial` on the command line) to get the other rows."
    mend = others if usable.any() else ""
    if found.unavailable.any():
        names = ", ".join(_names(meters, found.unavailable))
        raise FeatureStoreError(
            f"The features of these meters are unavailable ({found.reason}): {names}.", mend or "Try again in a moment."
        )
    unknown = np.isnat(found.ends)
    if unknown.any():
        strangers = _names(meters, unknown)
        raise UnknownMeterError(f"Unknown meters: {', '.join(strangers)}.", strangers, mend)
    short = {meters[row]: reasons[row].removeprefix(f"{_SHORT}: ") for row in np.flatnonzero(~usable)}
    told = ", ".join(f"{meter} ({reason})" for meter, reason in short.items())
    raise InsufficientHistoryError(f"Meters with {_SHORT}: {told}.", list(short), mend)


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
