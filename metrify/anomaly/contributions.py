"""Which readings of a day make it anomalous: by how much the score falls as they are replaced by usual ones."""

from dataclasses import replace

import numpy as np

from metrify.features.batch import FeatureBatch
from metrify.features.clock_days import clock_columns
from metrify.features.judged_day import days_by_clock


def alter_days(batch: FeatureBatch) -> FeatureBatch:
    """Each row in the 2T versions that `contributions` needs the scores of, `[N * 2T]` rows.

    The first version is the day as it was measured. In the next T the readings are replaced from the first on, one
    more each time, and in the last T - 1 from the last on. A reading is replaced by the mean of its clock time on the
    days before, and stays where nothing was measured then.

    Args:
        batch: Windows that end where the judged day, of T readings by the local clock, does.

    Raises:
        ConfigError: The windows are no whole days, or too few of them.
    """
    days = days_by_clock(batch)
    rows, readings = len(days), days.shape[2]
    measured = np.isfinite(days[:, :-1])
    counts = measured.sum(axis=1)
    usual = np.where(measured, days[:, :-1], 0).sum(axis=1) / np.maximum(counts, 1)
    columns = _columns_of_day(batch, readings)
    known = counts > 0
    windows = np.repeat(batch.windows[:, None], 2 * readings, axis=1)
    for row in range(rows):
        for reading in range(readings):
            if known[row, reading]:
                # In the versions from 1 + reading to T, and in the last `reading` ones.
                versions = windows[row, :, columns[row, reading]]
                versions[1 + reading : 1 + readings] = usual[row, reading]
                versions[readings + readings - reading :] = usual[row, reading]
    return _repeat(batch, windows.reshape(rows * 2 * readings, -1), 2 * readings)


def contributions(scores: np.ndarray) -> np.ndarray:
    """How much each reading adds to the score of its day, `[N, T]` float32; negative where it makes it more usual.

    The mean of two orders in which readings are replaced, from the first and from the last on: a Shapley value
    estimated from one antithetic pair of permutations (Mitchell and others 2022, Sampling Permutations for Shapley
    Value Estimation, JMLR 23). A row adds up to the score of its day less that of a usual day.

    Args:
        scores: `[N, 2T]` of the versions of `alter_days`.

    Example:
        >>> contributions(np.array([[5.0, 3.0, 1.0, 4.0]]))
        array([[2.5, 1.5]], dtype=float32)
    """
    readings = scores.shape[1] // 2
    measured, usual = scores[:, :1], scores[:, readings : readings + 1]
    from_first = scores[:, : readings + 1]
    from_last = np.concatenate([measured, scores[:, readings + 1 :], usual], axis=1)
    pair = -np.diff(from_first, axis=1), -np.diff(from_last, axis=1)[:, ::-1]
    return ((pair[0] + pair[1]) / 2).astype(np.float32)


def _columns_of_day(batch: FeatureBatch, readings: int) -> np.ndarray:
    """`[N, T]` columns of the windows from which the readings of the judged days are taken."""
    places = np.arange(batch.context.sequence_length)
    of_origin = {
        origin: clock_columns(origin, batch.context) for origin in np.unique(batch.origins.astype("datetime64[s]"))
    }
    found = (of_origin[origin] for origin in batch.origins.astype("datetime64[s]"))
    return np.stack([(places if columns is None else columns)[-readings:] for columns in found])


def _repeat(batch: FeatureBatch, windows: np.ndarray, times: int) -> FeatureBatch:
    repeated = np.repeat(np.arange(len(batch.origins)), times)
    return replace(batch.take(repeated), windows=windows)
