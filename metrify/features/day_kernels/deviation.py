"""Deviations of a day's readings from what is usual at their clock time."""

import numpy as np

from metrify.features.compiled import compiled
from metrify.features.judged_day import SMALLEST_KWH

LARGEST_DEVIATION = 8.0
_OWN_SHARE = 0.5  # of the variance at the clock time, beside that of all clock times


@compiled
def fill_deviations(days, out):  # type: ignore[no-untyped-def]
    """Fills `out [N, T]` from `days [N, D, T]`, of which the last one is judged."""
    history, day = days.shape[1] - 1, days.shape[2]
    mean, variance = np.empty(day), np.empty(day)
    for row in range(len(days)):
        whole, counted, level = 0.0, 0, 0.0
        for time in range(day):
            count, total, square = 0, 0.0, 0.0
            for before in range(history):
                reading = days[row, before, time]
                if not np.isnan(reading):
                    count += 1
                    total += reading
                    square += reading * reading
            mean[time] = total / count if count else np.nan
            variance[time] = max(square / count - mean[time] * mean[time], 0.0) if count else np.nan
            if count:
                whole += variance[time]
                level += abs(mean[time])
                counted += 1
        whole = whole / counted if counted else 0.0
        smallest = max(0.05 * level / max(counted, 1), SMALLEST_KWH)
        for time in range(day):
            reading = days[row, history, time]
            if np.isnan(reading) or np.isnan(mean[time]):
                out[row, time] = 0
                continue
            spread = np.sqrt(_OWN_SHARE * variance[time] + (1 - _OWN_SHARE) * whole)
            deviation = (reading - mean[time]) / max(spread, smallest)
            out[row, time] = min(max(deviation, -LARGEST_DEVIATION), LARGEST_DEVIATION)
