"""Which windows can be forecast, and how those with gaps and of new meters are completed: one rule for all."""

from dataclasses import dataclass

import numpy as np

from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.cold_start import ColdStartProfile
from metrify.features.window_gaps import SMALLEST_VISIBLE_SHARE, fill_window_gaps
from metrify.units import MINUTES_PER_DAY, MINUTES_PER_HOUR, intervals_per_day


@dataclass(frozen=True)
class CompletedWindows:
    """Windows as a model reads them.

    Attributes:
        windows: `[N, L]` float32 kWh; those that are not usable are as they were.
        is_usable: `[N]` whether a window has no gap, or none any more.
        history_days: `[N]` float32 days of 24 hours from the first reading in the window to its end.
        measured_share: `[N]` share of each window that was measured.
        reasons: `[N]` what a usable window was completed from, and why another one is not usable; empty where a window
            is as it was measured.
    """

    windows: np.ndarray
    is_usable: np.ndarray
    history_days: np.ndarray
    measured_share: np.ndarray
    reasons: np.ndarray


def complete_windows(batch: FeatureBatch, profile: ColdStartProfile | None) -> CompletedWindows:
    """Fills the gaps since a meter's first reading, and completes what lies before it by the profile.

    A gap becomes the mean of the same clock time in the window, see `fill_window_gaps`. Where no day of a short history
    shows that time, it becomes what the profile says of it, at the level of the readings that there are. At least half
    of the history must have been measured, and half of its last day, as before any origin up to which a meter counts
    as read (`newest_origins`): a window may end with a single reading after days of silence.

    Then the history is repeated backwards, and each reading is scaled by what the profile says of the time where it
    goes over the time that it is of. So the level is the meter's own and the day is the profile's. Each repetition
    moves by one more hour: no two days are alike, and the model sees how much the meter's load scatters, which it takes
    the width of its intervals from.

    Nothing but the window itself and the profile is looked at. No reading is changed, and a window without a gap is not
    touched.

    Args:
        batch: Windows `[N, L]` with NaN where a reading is missing, and their origins.
        profile: Of the bundle; without one, a window whose first reading is missing is not completed.
    """
    length = batch.context.sequence_length
    present = np.isfinite(batch.windows)
    measured = present.sum(axis=1)
    history = np.where(present.any(axis=1), length - present.argmax(axis=1), 0)
    windows, is_usable, reasons = batch.windows, measured == length, np.full(len(measured), "", object)
    lacking = np.flatnonzero(~is_usable)
    if len(lacking):
        windows = windows.copy()
        windows[lacking], reasons[lacking] = _complete(batch.take(lacking), history[lacking], profile)
        is_usable[lacking] = reasons[lacking] == ""
        for row in lacking[is_usable[lacking]].tolist():
            reasons[row] = _completion(int(measured[row]), int(history[row]), batch.context)
    days = (history * batch.context.resolution_minutes / MINUTES_PER_DAY).astype(np.float32)
    return CompletedWindows(windows, is_usable, days, measured / length, reasons)


def _complete(
    batch: FeatureBatch, history: np.ndarray, profile: ColdStartProfile | None
) -> tuple[np.ndarray, np.ndarray]:
    """Windows that lack readings, completed where they can be, `[n, L]` float32; and why the others can't, `[n]`."""
    filled = fill_window_gaps(batch, history)
    refusals = _refusals(batch, filled, history, profile)
    windows = np.where((refusals == "")[:, None], filled, batch.windows)
    rows = np.flatnonzero((refusals == "") & ~np.isfinite(filled).all(axis=1))
    if profile is not None and len(rows):
        windows[rows] = _complete_by_profile(batch.take(rows), filled[rows], history[rows], profile)
    return windows, refusals


def _complete_by_profile(
    batch: FeatureBatch, filled: np.ndarray, history: np.ndarray, profile: ColdStartProfile
) -> np.ndarray:
    """The windows with what their histories `[n]` don't show, and with their beginnings, `[n, L]` float32."""
    length, hour = batch.context.sequence_length, max(MINUTES_PER_HOUR // profile.resolution_minutes, 1)
    columns, readings = np.arange(length), history[:, None]
    rounds, place = np.divmod(columns - (length - readings), readings)  # round 0 is the history itself
    usual, measured = profile.in_windows(batch), np.isfinite(batch.windows)
    level = np.where(measured, batch.windows, 0).sum(axis=1) / np.where(measured, usual, 0).sum(axis=1)
    filled = np.where(np.isfinite(filled), filled, level[:, None] * usual)
    sources = length - readings + (place - rounds * hour) % readings
    moved = np.take_along_axis(filled / usual, sources, axis=1) * usual
    return np.where(rounds < 0, moved, filled).astype(np.float32)


def _refusals(
    batch: FeatureBatch, filled: np.ndarray, history: np.ndarray, profile: ColdStartProfile | None
) -> np.ndarray:
    """Why windows that lack readings can't be completed, `[n]`; empty where they can. `filled` has no gaps to fill."""
    length = batch.context.sequence_length
    day = min(intervals_per_day(batch.context.resolution_minutes), length)
    least = length if profile is None else min(_intervals(profile), length)
    present = np.isfinite(batch.windows)
    is_zero = (np.where(present, batch.windows, 0) == 0).all(axis=1)
    is_shown = np.isfinite(filled).all(axis=1) | (profile is not None)
    counts = np.stack([history, present.sum(axis=1), present[:, -day:].sum(axis=1)], axis=1)
    reasons = np.full(len(history), "", object)
    for row, (intervals, measured, recent) in enumerate(counts.tolist()):
        if intervals < least == length:
            reasons[row] = f"{length - measured} of {length} readings are missing"
        elif intervals < least:
            reasons[row] = f"{measured} readings up to the origin, at least {least} are needed"
        elif measured < SMALLEST_VISIBLE_SHARE * intervals:
            reasons[row] = f"{intervals - measured} of {intervals} readings are missing"
        elif recent < SMALLEST_VISIBLE_SHARE * day:
            reasons[row] = f"{day - recent} of the last {day} readings are missing"
        elif intervals < length and is_zero[row]:
            reasons[row] = f"its {measured} readings are all 0, which tells no level"
        elif not is_shown[row]:
            reasons[row] = "some times of the day were never measured"
    return reasons


def _intervals(profile: ColdStartProfile) -> int:
    return -(-profile.min_days * MINUTES_PER_DAY // profile.resolution_minutes)


def _completion(measured: int, history: int, context: FeatureContext) -> str:
    """What a window was completed from."""
    told = []
    if history < context.sequence_length:
        told.append(f"{round(history * context.resolution_minutes / MINUTES_PER_DAY, 2):g} days of history")
    if measured < history:
        told.append(f"{history - measured} of {history} readings were filled")
    return ", ".join(told)
