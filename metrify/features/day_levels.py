"""Level and quantiles of the last days beside those of the days before them.

A fault that leaves out a share of the load lowers all quantiles of a day by one factor, also the standby load that
hardly varies from day to day; people who use less lower the mean and the peaks, and not that.
"""

import numpy as np

from metrify.features.batch import FeatureBatch
from metrify.features.compiled import compiled
from metrify.features.judged_day import LEAST_MEASURED_SHARE, SMALLEST_KWH, columns_of_spans, days_by_clock

SPANS_DAYS = (1, 3, 7, 14)
_QUANTILES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
STATISTICS = ("mean", *(f"q{round(100 * level)}" for level in _QUANTILES))
LEVEL_COLUMNS = columns_of_spans(
    [name for statistic in STATISTICS for name in (f"{statistic}_log_ratio", f"{statistic}_z")], SPANS_DAYS
)
_FLOOR_SHARE = 0.02  # of the mean load, below which differences don't count
_SMALLEST_DEVIATION = 0.02  # of the logarithm
_LARGEST_Z = 30.0
_SPANS, _LEVELS = np.array(SPANS_DAYS), np.array(_QUANTILES)


def day_levels(batch: FeatureBatch) -> np.ndarray:
    """`[N, 64]` float32: `LEVEL_COLUMNS`.

    For each span that ends with the judged day, and each statistic of a day: by how much the mean of its logarithm lies
    above that of the days before the span, and the same in standard deviations of that difference, if days were
    independent. 0 where there is nothing to compare. A day counts if half of it was measured.

    Raises:
        ConfigError: The windows are no whole days, or too few of them.
    """
    days = days_by_clock(batch)
    out = np.empty((len(days), len(LEVEL_COLUMNS)), np.float32)
    _fill(days, _SPANS, _LEVELS, out)
    return out


@compiled
def _fill(days, spans, levels, out):  # type: ignore[no-untyped-def]
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
