"""Days of stored windows that can be judged: one rule for servers and batches."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.judged_day import days_by_clock
from metrify.features.local_time import to_local
from metrify.features.window_gaps import SMALLEST_VISIBLE_SHARE
from metrify.features.windows import cut_stored
from metrify.readings.day_starts import day_starts
from metrify.units import MINUTES_PER_DAY, intervals_per_day

_NOTED_SHARE = 0.1  # of the days before; with more of them missing, what is usual is less certain


class Unjudged(StrEnum):
    """Why a day can't be judged."""

    NO_SUCH_DAY = "a day that the store does not hold"
    SHORT = "insufficient history"
    MISSING = "too many missing readings"


@dataclass(frozen=True)
class StoredDays:
    """Windows of N rows that end where their judged days do.

    Attributes:
        windows: `[N, sequence_length]` float32 kWh as they were measured; NaN where a reading is missing.
        ends: `[N]` datetime64[s] UTC.
        unjudged: `[N]` Unjudged, None where the day can be judged.
        reasons: `[N]` str why it can't, or else what is missing of it; empty where that is nothing.
        history_days: `[N]` float32 days from the first reading in the window to its end.
        measured_share: `[N]` share of the window that was measured.
    """

    windows: np.ndarray
    ends: np.ndarray
    unjudged: np.ndarray
    reasons: np.ndarray
    history_days: np.ndarray
    measured_share: np.ndarray


def cut_days(
    windows: np.ndarray, window_ends: np.ndarray, days: np.ndarray | None, context: FeatureContext, most_missing: float
) -> StoredDays:
    """Cuts windows where the judged days end, and says which can be judged.

    A day can be judged if it is over in the window, if the window reaches back to the first of the days that it is
    compared with and half of their readings were measured, and if not too many of its own are missing. Nothing is
    filled: the features of a detector see gaps.

    Args:
        windows: `[N, W]` float32 kWh as the store has them, aligned at their ends.
        window_ends: `[N]` datetime64[s] UTC.
        days: `[N]` datetime64[D], local days; the newest whole day of each window without it.
        context: Of the detector.
        most_missing: Share of a day's readings.

    Raises:
        ConfigError: The time zone is unknown.
    """
    wanted = _newest_days(window_ends, context.timezone) if days is None else days.astype("datetime64[D]")
    ends = _ends_of(wanted, context.timezone)
    step = np.timedelta64(context.resolution_minutes, "m")
    later = np.ceil((window_ends - ends) / step).astype(int)  # an end between two intervals counts as the one before it
    cut = cut_stored(windows, context.sequence_length, np.maximum(later, 0))
    measured = np.isfinite(cut)
    length, day = context.sequence_length, intervals_per_day(context.resolution_minutes)
    history = np.where(measured.any(axis=1), length - measured.argmax(axis=1), 0)
    missing = np.rint(missing_share(FeatureBatch(cut, ends, context)) * day).astype(int)
    before = (~measured[:, :-day]).sum(axis=1)
    is_outside = (later < 0) | (later + day > windows.shape[1])
    stored = windows.shape[1] - later
    unjudged, reasons = np.full(len(ends), None, object), np.full(len(ends), "", object)
    for row, (lacking_before, lacking) in enumerate(zip(before.tolist(), missing.tolist(), strict=True)):
        if days is not None and is_outside[row]:
            first, compared = window_ends[row] - windows.shape[1] * step, length // day - 1
            told = (
                f"readings end at {window_ends[row]}Z"
                if later[row] < 0
                else f"readings begin at {first}Z, and {compared} days before a day are needed"
            )
            unjudged[row], reasons[row] = Unjudged.NO_SUCH_DAY, told
        else:
            counts = _Counts(int(stored[row]), lacking_before, lacking, length, day)
            unjudged[row], reasons[row] = _judge(counts, wanted[row], most_missing)
    days_of_history = (history * context.resolution_minutes / MINUTES_PER_DAY).astype(np.float32)
    return StoredDays(cut, ends, unjudged, reasons, days_of_history, measured.mean(axis=1))


def missing_share(batch: FeatureBatch) -> np.ndarray:
    """Share of the judged day's readings that are missing, by the local clock as the features see it, `[N]` float32."""
    return np.isnan(days_by_clock(batch)[:, -1]).mean(axis=1, dtype=np.float32)


def judged_days(ends: np.ndarray, timezone: str) -> np.ndarray:
    """The local days that end at some instants, `[N]` datetime64[D]."""
    return _newest_days(ends, timezone)


def _newest_days(instants: np.ndarray, timezone: str) -> np.ndarray:
    """The last local day that is over at each instant."""
    today = to_local(instants, timezone).tz_localize(None).normalize().to_numpy().astype("datetime64[D]")
    return today - np.timedelta64(1, "D")


def _ends_of(days: np.ndarray, timezone: str) -> np.ndarray:
    distinct, row_of = np.unique(days, return_inverse=True)
    following = pd.DatetimeIndex((distinct + np.timedelta64(1, "D")).astype("datetime64[s]"))
    ends = day_starts(following, timezone).tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[s]")
    return ends[row_of]


@dataclass(frozen=True)
class _Counts:
    """Intervals: of the store's window up to the day's end; missing before the day, and in it; of what is read."""

    stored: int
    before: int
    missing: int
    length: int
    day: int


def _judge(counts: _Counts, date: np.datetime64, most_missing: float) -> tuple[Unjudged | None, str]:
    """Whether a day can be judged, and what is missing of it."""
    compared, day, before, missing = counts.length - counts.day, counts.day, counts.before, counts.missing
    if counts.stored <= compared:
        told = f"the store has {counts.stored} intervals to the end of {date}, more than {compared} are needed"
        return Unjudged.SHORT, told
    if before > (1 - SMALLEST_VISIBLE_SHARE) * compared:
        return Unjudged.SHORT, f"{before} of {compared} readings before {date} are missing"
    if missing > most_missing * day:
        told = f"{missing} of {day} readings of {date} are missing, or kept out for their quality"
        return Unjudged.MISSING, told
    gaps = [f"{missing} of {day} readings of the day are missing ({missing / day:.0%})"] if missing else []
    if before > _NOTED_SHARE * compared:
        gaps.append(f"{before} of {compared} readings before it are missing")
    return None, ", ".join(gaps)
