"""Which windows can be forecast, and how those of new meters are completed: one rule for servers, batches and tests."""

from dataclasses import dataclass

import numpy as np

from metrify.features.batch import FeatureBatch
from metrify.features.cold_start import ColdStartProfile
from metrify.units import MINUTES_PER_DAY, MINUTES_PER_HOUR


@dataclass(frozen=True)
class CompletedWindows:
    """Windows as a model reads them.

    Attributes:
        windows: `[N, L]` float32 kWh; those that are not usable are as they were.
        is_usable: `[N]` whether a window has no gap, or none any more.
        is_completed: `[N]` whether its beginning was completed.
        history_days: `[N]` float32 days of 24 hours from the first reading in the window to its end.
        reasons: `[N]` what history a window lacks; empty where it is usable.
    """

    windows: np.ndarray
    is_usable: np.ndarray
    is_completed: np.ndarray
    history_days: np.ndarray
    reasons: np.ndarray


def complete_windows(batch: FeatureBatch, profile: ColdStartProfile | None) -> CompletedWindows:
    """Completes what lies before a meter's first reading from its own readings, by the profile.

    The history is repeated backwards, and each reading is scaled by what the profile says of the time where it goes
    over the time that it is of. So the level is the meter's own and the day is the profile's. Each repetition moves by
    one more hour: no two days are alike, and the model sees how much the meter's load scatters, which it takes the
    width of its intervals from.

    Nothing but the window itself and the profile is looked at. A gap between two readings, or at the end, is not
    filled, and a window without a gap is not touched.

    Args:
        batch: Windows `[N, L]` with NaN where a reading is missing, and their origins.
        profile: Of the bundle; without one, only whole windows are usable.
    """
    length = batch.context.sequence_length
    present = np.isfinite(batch.windows)
    history = np.where(present.any(axis=1), length - present.argmax(axis=1), 0)
    gaps = history - present.sum(axis=1)
    whole = (history == length) & (gaps == 0)
    days = (history * batch.context.resolution_minutes / MINUTES_PER_DAY).astype(np.float32)
    windows, completed, reasons = batch.windows, np.zeros(len(whole), bool), np.full(len(whole), "", object)
    if not whole.all():
        least = length if profile is None else min(_intervals(profile), length)
        candidates = np.flatnonzero(~whole & (history >= least) & (gaps == 0))
        candidates = candidates[(np.nan_to_num(batch.windows[candidates]) != 0).any(axis=1)]
        if profile is not None and len(candidates):
            windows = windows.copy()
            windows[candidates] = _repeat_backwards(batch.take(candidates), history[candidates], profile)
            completed[candidates] = True
        for row in np.flatnonzero(~whole & ~completed):
            reasons[row] = _reason(int(history[row]), int(gaps[row]), least, length)
    return CompletedWindows(windows, whole | completed, completed, days, reasons)


def _intervals(profile: ColdStartProfile) -> int:
    return -(-profile.min_days * MINUTES_PER_DAY // profile.resolution_minutes)


def _repeat_backwards(batch: FeatureBatch, history: np.ndarray, profile: ColdStartProfile) -> np.ndarray:
    """The windows with their beginnings completed, `[n, L]` float32; `history` `[n]` readings are at their ends."""
    length, hour = batch.context.sequence_length, max(MINUTES_PER_HOUR // profile.resolution_minutes, 1)
    columns, readings = np.arange(length), history[:, None]
    rounds, place = np.divmod(columns - (length - readings), readings)  # round 0 is the history itself
    sources = length - readings + (place - rounds * hour) % readings
    usual = profile.in_windows(batch)
    moved = np.take_along_axis(batch.windows / usual, sources, axis=1) * usual
    return np.where(rounds < 0, moved, batch.windows).astype(np.float32)


def _reason(history: int, gaps: int, least: int, length: int) -> str:
    if least == length:
        return f"{length - history + gaps} of {length} readings are missing"
    if history < least:
        return f"{history - gaps} readings up to the origin, at least {least} are needed"
    if gaps:
        return f"{gaps} of {history} readings are missing"
    return f"its {history} readings are all 0, which tells no level"
