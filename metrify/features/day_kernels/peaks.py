"""How far a day's highest reading stands out."""

import numpy as np

from metrify.features.compiled import compiled
from metrify.features.judged_day import SMALLEST_KWH

_FLOOR_SHARE = 0.02  # of the mean load


@compiled
def fill_peaks(days, out):  # type: ignore[no-untyped-def]
    """Fills `out [N, 7]` from `days [N, D, T]`, of which the last one is judged."""
    history, day = days.shape[1] - 1, days.shape[2]
    highest, total, counts = np.empty(day), np.empty(day), np.empty(day)
    for row in range(len(days)):
        highest[:], total[:], counts[:] = 0, 0, 0
        for before in range(history):
            for time in range(day):
                reading = days[row, before, time]
                if not np.isnan(reading):
                    highest[time] = max(highest[time], reading)
                    total[time] += reading
                    counts[time] += 1
        mean = max(total.sum() / max(counts.sum(), 1.0), SMALLEST_KWH)
        floor = _FLOOR_SHARE * mean
        out[row, :] = 0
        farthest, found = -np.inf, False
        for time in range(day):
            reading = days[row, history, time]
            if np.isnan(reading):
                continue
            early, late = max(time - 1, 0), min(time + 1, day - 1)
            peak = max(highest[early], highest[time], highest[late])
            usual = (total[early] + total[time] + total[late]) / max(counts[early] + counts[time] + counts[late], 1.0)
            neighbour = 0.0
            for beside in (early, late):
                if beside != time and days[row, history, beside] > neighbour:
                    neighbour = days[row, history, beside]
            over_means = (reading - peak) / mean
            reading = max(reading, 0.0) + floor
            over_peak = np.log(reading / (peak + floor))
            over_neighbour = np.log(reading / (neighbour + floor))
            alone = min(np.log(reading / (max(usual, 0.0) + floor)), over_neighbour)
            over_all = np.log(reading / (highest.max() + floor))
            if not found:
                out[row, 0], out[row, 1], out[row, 2], out[row, 3] = over_means, over_peak, alone, over_all
                found = True
            out[row, 0] = max(out[row, 0], over_means)
            out[row, 1] = max(out[row, 1], over_peak)
            out[row, 2] = max(out[row, 2], alone)
            out[row, 3] = max(out[row, 3], over_all)
            if over_means > farthest:
                farthest = over_means
                out[row, 4], out[row, 5] = over_neighbour, time / day
        out[row, 6] = np.log(mean)
