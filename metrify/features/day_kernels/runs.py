"""Runs of one value, and missing and negative readings."""

import numpy as np

from metrify.features.compiled import compiled


@compiled
def fill_runs(days, per_hour, out):  # type: ignore[no-untyped-def]
    """Fills `out [N, 7]` from `days [N, D, T]`, of which the last one is judged."""
    history, day = days.shape[1] - 1, days.shape[2]
    for row in range(len(days)):
        flat, zero, last = 0, 0, np.float32(np.nan)
        usual_flat, usual_zero, usual_missing = 0, 0, 0
        longest_flat, longest_zero, missing, negative = 0, 0, 0, 0
        for number in range(history + 1):
            for time in range(day):
                reading = days[row, number, time]
                flat = flat + 1 if reading == last and reading != 0 else (1 if reading != 0 else 0)
                zero = zero + 1 if reading == 0 else 0
                if np.isnan(reading):
                    flat = 0
                last = reading
                if number < history:
                    usual_flat, usual_zero = max(usual_flat, flat), max(usual_zero, zero)
                    usual_missing += np.isnan(reading)
                else:
                    longest_flat, longest_zero = max(longest_flat, flat), max(longest_zero, zero)
                    missing += np.isnan(reading)
                    negative += reading < 0
        out[row, 0], out[row, 1] = missing / day, negative / day
        out[row, 2], out[row, 3] = longest_flat / per_hour, longest_zero / per_hour
        out[row, 4] = usual_missing / (history * day)
        out[row, 5], out[row, 6] = usual_flat / per_hour, usual_zero / per_hour
