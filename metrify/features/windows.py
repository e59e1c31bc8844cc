"""Windows of readings that end at forecast origins: what the feature store keeps for each meter."""

import numpy as np
import pandas as pd

from metrify.features.local_time import to_local
from metrify.readings.day_starts import day_starts
from metrify.readings.matrix import ReadingsMatrix


def local_midnights(start: pd.Timestamp, end: pd.Timestamp, timezone: str) -> pd.DatetimeIndex:
    """The first instants of all local days that begin in `[start, end]`, as UTC.

    Where the clocks skip midnight or show it twice, see `metrify.readings.day_starts`.

    Args:
        start: UTC.
        end: UTC.
        timezone: IANA name of the local time.

    Raises:
        ConfigError: The time zone is unknown.
    """
    ends = to_local(pd.DatetimeIndex([start, end]), timezone).tz_localize(None).normalize()
    days = pd.date_range(ends[0], ends[1], freq="D")
    firsts = day_starts(days, timezone)
    there = firsts.tz_localize(None).normalize() == days  # the date line's move took Samoa's 30 December 2011
    return firsts[there & (firsts >= start) & (firsts <= end)].tz_convert("UTC").as_unit("us")


def cut_windows(matrix: ReadingsMatrix, origins: pd.DatetimeIndex, length: int) -> np.ndarray:
    """The `length` intervals before each origin, of each meter.

    Args:
        matrix: Readings `[M, T]`.
        origins: `[O]` UTC, each on the matrix's grid.
        length: Intervals.

    Returns:
        `[M, O, length]` float32, oldest interval first; NaN where a reading is missing or lies outside the matrix.
    """
    step = pd.Timedelta(minutes=matrix.resolution_minutes)
    ends = ((origins - matrix.start) // step).to_numpy()
    columns = ends[:, None] + np.arange(-length, 0)[None, :]
    inside = (columns >= 0) & (columns < matrix.kwh.shape[1])
    windows = matrix.kwh[:, np.where(inside, columns, 0)]
    windows[:, ~inside] = np.nan
    return windows


def cut_targets(matrix: ReadingsMatrix, origins: pd.DatetimeIndex, horizon: int) -> np.ndarray:
    """The `horizon` intervals from each origin on, of each meter, `[M, O, horizon]` float32; NaN where unknown."""
    step = pd.Timedelta(minutes=matrix.resolution_minutes)
    return cut_windows(matrix, origins + horizon * step, horizon)


def cut_rows(matrix: ReadingsMatrix, meters: np.ndarray, begins: np.ndarray, length: int) -> np.ndarray:
    """The `length` intervals from a column on, of one meter a row.

    Args:
        matrix: Readings `[M, T]`.
        meters: `[N]` rows of the matrix.
        begins: `[N]` columns; all of the intervals lie in the matrix.
        length: Intervals.

    Returns:
        `[N, length]` float32.
    """
    return np.lib.stride_tricks.sliding_window_view(matrix.kwh, length, axis=1)[meters, begins]


def newest_origins(matrix: ReadingsMatrix, origins: pd.DatetimeIndex) -> np.ndarray:
    """The newest origin of each meter up to which it has been read: half of the intervals since the origin before.

    Args:
        matrix: Readings `[M, T]`.
        origins: `[O]` UTC, rising, each on the matrix's grid.

    Returns:
        `[M]` positions in the origins; the last one for a meter that was hardly read at all.
    """
    step = pd.Timedelta(minutes=matrix.resolution_minutes)
    columns = ((origins - matrix.start) // step).to_numpy()
    read = np.pad(np.cumsum(np.isfinite(matrix.kwh), axis=1, dtype=np.int32), ((0, 0), (1, 0)))
    bounds = np.concatenate([[0], columns])
    since = 2 * np.diff(read[:, bounds], axis=1) >= np.diff(bounds)
    newest = len(origins) - 1 - since[:, ::-1].argmax(axis=1)
    return np.where(since.any(axis=1), newest, len(origins) - 1)


def cut_stored(windows: np.ndarray, length: int, later: np.ndarray | None = None) -> np.ndarray:
    """The newest intervals of windows as a store holds them, `[N, length]`; NaN where it keeps fewer.

    Args:
        windows: `[N, W]`, aligned at their ends.
        length: Intervals.
        later: `[N]` intervals at the end of each window that lie later than what is wanted; none without it.
    """
    if later is None or not later.any():
        lacking = max(length - windows.shape[1], 0)
        return np.pad(windows, ((0, 0), (lacking, 0)), constant_values=np.nan)[:, -length:]
    columns = windows.shape[1] - later[:, None] + np.arange(-length, 0)
    inside = (columns >= 0) & (columns < windows.shape[1])
    cut = np.take_along_axis(windows, np.where(inside, columns, 0), axis=1)
    return np.where(inside, cut, np.float32(np.nan))
