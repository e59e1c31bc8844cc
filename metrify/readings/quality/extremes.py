"""Spikes and jumps: readings and steps far beyond those of the meter's own ordinary days.

The scale is a high quantile and not a standard deviation: a load is skewed, so its peaks are ordinary at many standard
deviations, and a few faulty readings do not move a quantile.
"""

import numpy as np

from metrify.config.schema import QualityConfig


def find_spikes(kwh: np.ndarray, config: QualityConfig, interval_hours: float) -> np.ndarray:
    """Single readings far above the meter's high readings and above both neighbours.

    Where one neighbour is missing, the other counts; a reading between two gaps is no spike, since nothing tells.

    Args:
        kwh: `[M, T]`, NaN where there is no reading.
        config: Thresholds.
        interval_hours: Length of an interval.

    Returns:
        A mask `[M, T]`.
    """
    least = _least(kwh, config.high_quantile, config.spike_multiple, config.ordinary_kw * interval_hours)
    rows, columns = np.nonzero(kwh > least[:, None])
    neighbours = np.fmax(_at(kwh, rows, columns - 1), _at(kwh, rows, columns + 1))
    spikes = np.zeros(kwh.shape, dtype=bool)
    spikes[rows, columns] = kwh[rows, columns] > config.spike_neighbour_multiple * neighbours
    return spikes


def find_jumps(kwh: np.ndarray, config: QualityConfig, interval_hours: float) -> np.ndarray:
    """The stranger reading of each pair of neighbours between which the meter takes a step that it never takes.

    The stranger one is that which lies farther from the meter's median: the high one of a spike, the low one of an
    outage.

    Args:
        kwh: `[M, T]`, NaN where there is no reading.
        config: Thresholds.
        interval_hours: Length of an interval.

    Returns:
        A mask `[M, T]`.
    """
    steps = np.abs(np.diff(kwh, axis=1))
    least = _least(steps, config.high_quantile, config.jump_multiple, config.ordinary_kw * interval_hours)
    rows, columns = np.nonzero(steps > least[:, None])
    jumps = np.zeros(kwh.shape, dtype=bool)
    if not len(rows):
        return jumps
    meters, row_of = np.unique(rows, return_inverse=True)
    median = row_quantiles(kwh[meters], 0.5)[row_of]
    later = np.abs(kwh[rows, columns + 1] - median) >= np.abs(kwh[rows, columns] - median)
    jumps[rows, columns + later] = True
    return jumps


def row_quantiles(values: np.ndarray, share: float) -> np.ndarray:
    """The value of each row that `share` of the row's values do not exceed; NaN where a row has none.

    `np.nanquantile` gives the same (method `inverted_cdf`) and takes a hundred times as long.

    Args:
        values: `[M, T]`, NaN where there is none.
        share: Between 0 and 1.

    Returns:
        `[M]`.
    """
    if not values.shape[1]:
        return np.full(len(values), np.nan, dtype=values.dtype)
    ranked = np.sort(values, axis=1)  # NaN come last
    counts = np.isfinite(values).sum(axis=1)
    ranks = np.clip(np.ceil(share * counts).astype(int) - 1, 0, None)
    return ranked[np.arange(len(values)), ranks]


def _least(values: np.ndarray, quantile: float, multiple: float, floor_kwh: float) -> np.ndarray:
    return np.maximum(multiple * row_quantiles(values, quantile), floor_kwh)


def _at(kwh: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    inside = (columns >= 0) & (columns < kwh.shape[1])
    return np.where(inside, kwh[rows, np.where(inside, columns, 0)], np.float32(np.nan))
