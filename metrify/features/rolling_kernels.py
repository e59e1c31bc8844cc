"""Rolling statistics: one kernel for a single origin while serving and for all origins of a table.

Time is cut into blocks as long as the window, so that each window is the end of one block and the beginning of the
next. Both are accumulated once (van Herk 1992 and Gil and Werman 1993, for extremes). So the time taken does not depend
on the window's length, and as nothing is ever subtracted from a running sum, no rounding of what left a window remains.

Sums are of differences from a centre that is itself one of the readings in the window. It is at most `sqrt(present)`
standard deviations away from their mean, so little is lost when the square of the sum is subtracted, however far the
readings are from 0.
"""

import numpy as np

from metrify.features.compiled import compiled


@compiled
def fill_rolling_statistics(series, window, least, first, means, stds, lows, highs):  # type: ignore[no-untyped-def]
    """Statistics of the readings that are present in `series[:, t - window : t]`, at origins t.

    Before the start of the series nothing is present. From the origin on nothing is read, and no other series.

    Args:
        series: `[S, T]` float32, kWh per interval, oldest first; NaN where a reading is missing.
        window: Length of the window in intervals.
        least: Readings that must be present, at least 1; where there are fewer, the results are NaN.
        first: The first origin, in intervals from the start of the series.
        means: `[S, O]` float32, filled at the origins `first`, ..., `first + O - 1`, all at most T.
        stds: The same, for the standard deviation of the population.
        lows: The same, for the smallest reading.
        highs: The same, for the largest reading.
    """
    shares = _shares(window, least)
    counts = np.empty(window, np.int64)
    totals, squares = np.empty(window, np.float64), np.empty(window, np.float64)
    lowest, highest = np.empty(window, np.float32), np.empty(window, np.float32)
    for row in range(len(series)):
        readings = series[row]
        for block in range(0, means.shape[1], window):
            border = first + block
            centre = _accumulate_back(readings, border, counts, totals, squares, lowest, highest)
            count, total, square, shift = 0, 0.0, 0.0, 0.0
            low, high = np.float32(np.inf), np.float32(-np.inf)
            for place in range(min(window, means.shape[1] - block)):
                if place > 0 and not np.isnan(readings[border + place - 1]):
                    reading = readings[border + place - 1]
                    if count == 0:
                        shift = centre - reading  # the sums of the block before are moved to the new centre
                        centre = np.float64(reading)
                    difference = reading - centre
                    count += 1
                    total += difference
                    square += difference * difference
                    low, high = min(low, reading), max(high, reading)
                share = shares[counts[place] + count]
                enough = not np.isnan(share)
                moved = counts[place] * shift
                sum_ = total + totals[place] + moved
                sum_of_squares = square + squares[place] + shift * (2 * totals[place] + moved)
                means[row, block + place] = centre + sum_ * share
                stds[row, block + place] = np.sqrt((sum_of_squares - sum_ * sum_ * share) * share)
                lows[row, block + place] = min(low, lowest[place]) if enough else np.float32(np.nan)
                highs[row, block + place] = max(high, highest[place]) if enough else np.float32(np.nan)


@compiled
def _shares(window, least):  # type: ignore[no-untyped-def]
    """The share of one reading in a mean, by the number of readings; NaN where they are too few."""
    shares = np.full(window + 1, np.nan)
    for present in range(least, window + 1):
        shares[present] = 1 / present
    return shares


@compiled
def _accumulate_back(readings, border, counts, totals, squares, lowest, highest):  # type: ignore[no-untyped-def]
    """What the readings from each place of the block before the border up to the border come to.

    Returns:
        The centre of the sums: the last reading before the border.
    """
    window = len(counts)
    count, total, square, centre = 0, 0.0, 0.0, 0.0
    low, high = np.float32(np.inf), np.float32(-np.inf)
    for place in range(window - 1, -1, -1):
        column = border - window + place
        if column >= 0 and not np.isnan(readings[column]):
            reading = readings[column]
            if count == 0:
                centre = np.float64(reading)
            difference = reading - centre
            count += 1
            total += difference
            square += difference * difference
            low, high = min(low, reading), max(high, reading)
        counts[place], totals[place], squares[place] = count, total, square
        lowest[place], highest[place] = low, high
    return centre
