"""Correlation of profiles, as they are and moved."""

import numpy as np

from metrify.features.compiled import compiled

LARGEST_SHIFT_HOURS = 6


@compiled
def fill_shapes(days, spans, per_hour, out):  # type: ignore[no-untyped-def]
    """Fills `out [N, 12]` from `days [N, D, T]`, of which the last one is judged; `spans` rise."""
    count, day, farthest = days.shape[1], days.shape[2], LARGEST_SHIFT_HOURS * per_hour
    # What is before all spans, and then what each one has more than the shorter ones, the longest first.
    sums, counts = np.empty((len(spans) + 1, day)), np.empty((len(spans) + 1, day))
    recent, before, around = np.empty(day), np.empty(day), np.empty(day + 2 * farthest)
    agreements = np.empty(2 * farthest + 1)
    for row in range(len(days)):
        begin = 0
        for part in range(len(spans) + 1):
            end = count - spans[len(spans) - 1 - part] if part < len(spans) else count
            _sum_roots(days[row, begin:end], sums[part], counts[part])
            begin = end
        for place in range(len(spans)):
            border = len(spans) - place
            _profile(sums[border:], counts[border:], recent)
            _profile(sums[:border], counts[:border], before)
            for time in range(len(around)):
                around[time] = recent[(time - farthest) % day]
            agreements[:] = 0
            for time in range(day):
                for step in range(len(agreements)):
                    agreements[step] += around[time + step] * before[time]
            still = agreements[farthest]
            best, moved = still, 0
            for step in range(len(agreements)):
                if agreements[step] > best:
                    best, moved = agreements[step], step - farthest
            unit = np.sqrt((recent * recent).sum() * (before * before).sum())
            scale, column = 1 / unit if unit > 0 else 0.0, 4 * place
            out[row, column], out[row, column + 1] = still * scale, best * scale
            out[row, column + 2], out[row, column + 3] = moved / per_hour, (best - still) * scale


@compiled
def _sum_roots(days, sums, counts):  # type: ignore[no-untyped-def]
    """Sums of the roots of what was measured at each clock time, and how often that is, `[T]` each."""
    sums[:], counts[:] = 0, 0
    for number in range(len(days)):
        for time in range(len(sums)):
            reading = days[number, time]
            known = not np.isnan(reading)
            sums[time] += np.sqrt(max(reading, np.float32(0))) if known else np.float32(0)
            counts[time] += known


@compiled
def _profile(sums, counts, profile):  # type: ignore[no-untyped-def]
    """The mean of each clock time over some parts `[P, T]`, less that of all; 0 where none was measured."""
    whole, measured = 0.0, 0
    for time in range(len(profile)):
        total, counted = 0.0, 0.0
        for part in range(len(sums)):
            total += sums[part, time]
            counted += counts[part, time]
        profile[time] = total / counted if counted else np.nan
        if counted:
            whole += profile[time]
            measured += 1
    for time in range(len(profile)):
        profile[time] = profile[time] - whole / measured if not np.isnan(profile[time]) else 0.0
