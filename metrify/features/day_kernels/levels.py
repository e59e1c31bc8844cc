"""Statistics of days, and how far the last ones lie from those before."""

import numpy as np

from metrify.features.compiled import compiled
from metrify.features.judged_day import LEAST_MEASURED_SHARE, SMALLEST_KWH

_FLOOR_SHARE = 0.02  # of the mean load, below which differences don't count
_SMALLEST_DEVIATION = 0.02  # of the logarithm
_LARGEST_Z = 30.0


@compiled
def fill_levels(days, spans, levels, out):  # type: ignore[no-untyped-def]
    """Fills `out [N, 64]` from `days [N, D, T]`, of which the last one is judged; `levels [7]` are the quantiles."""
    count, day = days.shape[1], days.shape[2]
    statistics = np.empty((count, len(levels) + 1))
    ordered = np.empty(day, np.float32)
    for row in range(len(days)):
        total, counted = 0.0, 0
        for number in range(count):
            measured = _sort(days[row, number], ordered)
            if measured < LEAST_MEASURED_SHARE * day:
                statistics[number, :] = np.nan
                continue
            statistics[number, 0] = ordered[:measured].mean()
            for place, level in enumerate(levels):
                at = level * (measured - 1)
                low = int(at)
                high = min(low + 1, measured - 1)
                statistics[number, place + 1] = ordered[low] + (at - low) * (ordered[high] - ordered[low])
            if number < count - 1:
                total += abs(statistics[number, 0])
                counted += 1
        floor = max(_FLOOR_SHARE * total / max(counted, 1), SMALLEST_KWH)
        for number in range(count):
            for place in range(statistics.shape[1]):
                statistics[number, place] = np.log(max(statistics[number, place], 0.0) + floor)
        column = 0
        for span in spans:
            for place in range(statistics.shape[1]):
                out[row, column], out[row, column + 1] = _compare(statistics[:, place], span)
                column += 2


@compiled
def _sort(readings, ordered):  # type: ignore[no-untyped-def]
    """Puts what is measured in order; returns how much that is."""
    measured = 0
    for reading in readings:
        if np.isnan(reading):
            continue
        place = measured
        while place > 0 and ordered[place - 1] > reading:
            ordered[place] = ordered[place - 1]
            place -= 1
        ordered[place] = reading
        measured += 1
    return measured


@compiled
def _compare(values, span):  # type: ignore[no-untyped-def]
    """The mean of the last values less that of the others, and in standard deviations of the difference."""
    border = len(values) - span
    recent, late, before, square, early = 0.0, 0, 0.0, 0.0, 0
    for number in range(len(values)):
        value = values[number]
        if np.isnan(value):
            continue
        if number < border:
            before += value
            square += value * value
            early += 1
        else:
            recent += value
            late += 1
    if late == 0 or early < 2:
        return 0.0, 0.0
    middle = before / early
    deviation = np.sqrt(max(square / early - middle * middle, 0.0)) + _SMALLEST_DEVIATION
    difference = recent / late - middle
    return difference, min(max(difference / deviation * np.sqrt(late), -_LARGEST_Z), _LARGEST_Z)
