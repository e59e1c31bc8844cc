"""Local times as UTC. When clocks go back an hour happens twice; which one a row means is told by the file's order."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

_NAT = np.datetime64("NaT", "ns")


@dataclass(frozen=True)
class ResolvedTimes:
    """Local times as UTC.

    Attributes:
        utc: `[N]` datetime64[ns]; NaT where there was none, or it could not be told.
        ambiguous: `[N]` whether the time exists twice and the rows do not tell which is meant.
        nonexistent: `[N]` whether clocks skipped the time.
    """

    utc: np.ndarray
    ambiguous: np.ndarray
    nonexistent: np.ndarray


def resolve_local_times(local: np.ndarray, meters: np.ndarray, timezone: str, resolution_minutes: int) -> ResolvedTimes:
    """Turns local times into UTC.

    A time of the repeated autumn hour is only taken where a meter has the hour in full, twice, in order, and beside it
    a row that shows that the meter's rows go forward in time. A lone or a disordered row could mean either.

    Args:
        local: `[N]` datetime64[ns] without a zone, in the file's order; NaT where there is none.
        meters: `[N]` integer code of each row's meter.
        timezone: IANA name.
        resolution_minutes: Length of an interval.
    """
    times, codes = np.unique(local, return_inverse=True)
    index = pd.DatetimeIndex(times)
    first, second = (
        index.tz_localize(timezone, ambiguous=np.full(len(index), summer), nonexistent="NaT")
        .tz_convert("UTC")
        .tz_localize(None)
        .to_numpy()
        for summer in (True, False)
    )
    utc, later = first[codes], second[codes]
    nonexistent = np.isnat(utc) & ~np.isnat(local)
    ambiguous = (utc != later) & ~np.isnat(utc)
    if ambiguous.any():
        step = np.timedelta64(resolution_minutes, "m")
        slots = np.zeros(len(utc), dtype=int)  # of a repeated hour
        slots[ambiguous] = (later[ambiguous] - utc[ambiguous]) // step
        is_second = _second_passes(local, meters, ambiguous, slots, step)
        known = ~ambiguous | (is_second >= 0)
        utc = np.where(known, np.where(is_second == 1, later, utc), _NAT)
        ambiguous = ~known
    return ResolvedTimes(utc, ambiguous, nonexistent)


def _second_passes(
    local: np.ndarray, meters: np.ndarray, ambiguous: np.ndarray, slots: np.ndarray, step: np.timedelta64
) -> np.ndarray:
    """1 for rows of the second pass of a repeated hour, 0 for the first, -1 where it can't be told, `[N]`."""
    passes = np.full(len(local), -1, dtype=np.int8)
    order = np.argsort(meters, kind="stable")
    meter, time, repeated = meters[order], local[order], ambiguous[order]
    new_meter = np.r_[True, meter[1:] != meter[:-1], True]
    starts = np.flatnonzero(repeated & (new_meter[:-1] | ~np.r_[False, repeated[:-1]]))
    ends = 1 + np.flatnonzero(repeated & (new_meter[1:] | ~np.r_[repeated[1:], False]))
    for start, end in zip(starts, ends, strict=True):
        before = _NAT if new_meter[start] else time[start - 1]
        after = _NAT if new_meter[end] else time[end]
        length = slots[order[start]]
        if _is_full_hour_twice(before, time[start:end], after, int(length), step):
            passes[order[start : start + length]] = 0
            passes[order[start + length : end]] = 1
    return passes


def _is_full_hour_twice(
    before: np.datetime64, times: np.ndarray, after: np.datetime64, slots: int, step: np.timedelta64
) -> bool:
    if slots < 1 or len(times) != 2 * slots:
        return False
    rising = times[0] + np.arange(slots) * step
    goes_forward = (np.isnat(before) or before < times[0]) and (np.isnat(after) or after > times[-1])
    shows_direction = not (np.isnat(before) and np.isnat(after))
    in_order = np.array_equal(times[:slots], rising) and np.array_equal(times[slots:], rising)
    return bool(in_order and goes_forward and shows_direction)
