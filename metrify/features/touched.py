"""Which forecast origins a changed reading touches: those whose window or horizon it lies in."""

import numpy as np
import pandas as pd

from metrify.readings.matrix import ReadingsMatrix


def touched_windows(changed: np.ndarray, origins: np.ndarray, lookback: int) -> np.ndarray:
    """Whether an interval before an origin changed.

    Args:
        changed: `[M, T]` which intervals have another reading now.
        origins: `[O]` position of each origin on the time axis, 0 to T.
        lookback: Intervals of the window before it.

    Returns:
        `[M, O]`.

    Example:
        >>> touched_windows(np.array([[False, True, False, False]]), np.array([1, 2, 3, 4]), 2)
        array([[False,  True,  True, False]])
    """
    count = changed.shape[1]
    before = np.concatenate([np.zeros((len(changed), 1), np.int64), changed.cumsum(axis=1)], axis=1)
    ends, starts = origins.clip(0, count), (origins - lookback).clip(0, count)
    return before[:, ends] > before[:, starts]


def touched_outcomes(changed: np.ndarray, origins: np.ndarray, horizon: int) -> np.ndarray:
    """Whether an interval from an origin on changed, `[M, O]`; see `touched_windows`."""
    return touched_windows(changed, origins + horizon, horizon)


def changed_intervals(before: ReadingsMatrix, after: ReadingsMatrix) -> np.ndarray:
    """Which intervals of the newer matrix have another reading than in the older one, `[M, T]` of the newer's shape.

    A meter or an interval that the older matrix lacks had no reading there.
    """
    step = pd.Timedelta(minutes=after.resolution_minutes)
    known = np.full_like(after.kwh, np.nan)
    rows = pd.Index(after.meter_ids).get_indexer(pd.Index(before.meter_ids))
    columns = (before.start - after.start) // step + np.arange(before.kwh.shape[1])
    inside = (columns >= 0) & (columns < after.kwh.shape[1])
    known[np.ix_(rows[rows >= 0], columns[inside])] = before.kwh[np.ix_(rows >= 0, inside)]
    return ~((known == after.kwh) | (np.isnan(known) & np.isnan(after.kwh)))
