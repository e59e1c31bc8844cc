"""Statistics of days, and how far the last ones lie from those before."""

import numpy as np

from metrify.features.compiled import compiled
from metrify.features.judged_day import LEAST_MEASURED_SHARE, SMALLEST_KWH

_FLOOR_SHARE = 0.02  # of the mean load, below which differences don't count
_SMALLEST_DEVIATION = 0.02  # of the logarithm
_LARGEST_Z = 30.0
_LANES = 16  # numbers in a vector register, of which compilers like to have whole ones


@compiled
def fill_levels(days, spans, levels, comparisons, out):  # type: ignore[no-untyped-def]
    """Fills `out [N, 64]` from `days [N, D, T]`, of which the last one is judged.

    `levels [7]` are the quantiles, and `comparisons [C, 2]` those of `sorting_network` for T readings.
    """
    count = days.shape[1]
    statistics = np.empty((len(levels) + 1, count))
    width = -(-count // _LANES) * _LANES
    ordered, measured = np.zeros((days.shape[2], width), np.float32), np.empty(count, np.int64)
    sums = np.zeros((3, count + 1))
    for row in range(len(days)):
        _sort(days[row], comparisons, ordered, measured, statistics[0])
        total, counted = 0.0, 0
        for number in range(count):
            if measured[number] < LEAST_MEASURED_SHARE * len(ordered):
                statistics[:, number] = np.nan
                continue
            for place, level in enumerate(levels):
                at = level * (measured[number] - 1)
                low = int(at)
                below = ordered[low, number]
                above = ordered[min(low + 1, measured[number] - 1), number]
                statistics[place + 1, number] = below + (at - low) * (above - below)
            if number < count - 1:
                total += abs(statistics[0, number])
                counted += 1
        floor = max(_FLOOR_SHARE * total / max(counted, 1), SMALLEST_KWH)
        for place in range(len(statistics)):
            for number in range(count):
                statistics[place, number] = np.log(np.float32(max(statistics[place, number], 0.0) + floor))
            _compare(statistics[place], spans, sums, out[row], 2 * place, 2 * len(statistics))


@compiled
def _sort(readings, comparisons, ordered, measured, means):  # type: ignore[no-untyped-def]
    """Puts the readings of each of D days `[D, T]` in order, into the first D columns of `ordered [T, W]`.

    What is missing comes last. Also fills how many were measured and their mean, `[D]` each. All days are compared at
    once, by vector instructions.
    """
    for number in range(len(readings)):
        total, known = 0.0, 0
        for time in range(len(ordered)):
            reading = readings[number, time]
            if np.isnan(reading):
                ordered[time, number] = np.inf
            else:
                ordered[time, number] = reading
                total += reading
                known += 1
        measured[number], means[number] = known, total / max(known, 1)
    for pair in range(len(comparisons)):
        lower, upper = comparisons[pair, 0], comparisons[pair, 1]
        for number in range(ordered.shape[1]):
            one, other = ordered[lower, number], ordered[upper, number]
            ordered[lower, number] = min(one, other)
            ordered[upper, number] = max(one, other)


@compiled
def _compare(values, spans, sums, out, column, step):  # type: ignore[no-untyped-def]
    """For each span: the mean of its values less that of those before, and in standard deviations of the difference.

    They go into two columns of `out`, those of the next span `step` columns later. `sums [3, D + 1]`, which begin with
    0, are worked with: sums of the first values, of their squares, and how many these are.
    """
    count, (total, squares, counts) = len(values), sums
    for number in range(count):
        known = not np.isnan(values[number])
        value = values[number] if known else 0.0
        total[number + 1] = total[number] + value
        squares[number + 1] = squares[number] + value * value
        counts[number + 1] = counts[number] + known
    for span in spans:
        border = count - span
        early, late = counts[border], counts[count] - counts[border]
        out[column], out[column + 1] = 0.0, 0.0
        if late > 0 and early > 1:
            middle = total[border] / early
            deviation = np.sqrt(max(squares[border] / early - middle * middle, 0.0)) + _SMALLEST_DEVIATION
            difference = (total[count] - total[border]) / late - middle
            out[column] = difference
            out[column + 1] = min(max(difference / deviation * np.sqrt(late), -_LARGEST_Z), _LARGEST_Z)
        column += step
