"""Correlation of profiles, as they are and moved."""

import numpy as np

from metrify.features.compiled import compiled

LARGEST_SHIFT_HOURS = 6


@compiled
def fill_shapes(days, spans, per_hour, out):  # type: ignore[no-untyped-def]
    """Fills `out [N, 12]` from `days [N, D, T]`, of which the last one is judged."""
    count, day = days.shape[1], days.shape[2]
    roots = np.empty((count, day))
    recent, before = np.empty(day), np.empty(day)
    for row in range(len(days)):
        for number in range(count):
            for time in range(day):
                reading = days[row, number, time]
                roots[number, time] = np.sqrt(max(reading, 0.0)) if not np.isnan(reading) else np.nan
        column = 0
        for span in spans:
            _profile(roots[count - span :], recent)
            _profile(roots[: count - span], before)
            unit = np.sqrt((recent * recent).sum() * (before * before).sum())
            still = (recent * before).sum()
            best, moved = still, 0
            for step in range(-LARGEST_SHIFT_HOURS * per_hour, LARGEST_SHIFT_HOURS * per_hour + 1):
                agreement = 0.0
                for time in range(day):
                    agreement += recent[(time + step) % day] * before[time]
                if agreement > best:
                    best, moved = agreement, step
            scale = 1 / unit if unit > 0 else 0.0
            out[row, column], out[row, column + 1] = still * scale, best * scale
            out[row, column + 2], out[row, column + 3] = moved / per_hour, (best - still) * scale
            column += 4


@compiled
def _profile(roots, profile):  # type: ignore[no-untyped-def]
    """The mean of each clock time less that of all; 0 where none was measured."""
    day, whole, measured = len(profile), 0.0, 0
    for time in range(day):
        total, counted = 0.0, 0
        for number in range(len(roots)):
            if not np.isnan(roots[number, time]):
                total += roots[number, time]
                counted += 1
        profile[time] = total / counted if counted else np.nan
        if counted:
            whole += profile[time]
            measured += 1
    for time in range(day):
        profile[time] = profile[time] - whole / measured if not np.isnan(profile[time]) else 0.0
