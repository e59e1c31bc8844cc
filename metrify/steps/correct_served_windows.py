"""Corrects the windows that are served: each meter's own one, wherever pushes moved it to."""

import numpy as np
import pandas as pd

from metrify.adapters.feature_store import OnlineWindowReader, push_windows
from metrify.config import Home
from metrify.readings.matrix import ReadingsMatrix


def correct_served_windows(
    after: ReadingsMatrix,
    changed: np.ndarray,
    until: pd.DatetimeIndex,
    moves_on: bool,
    length: int,
    data_version: int,
    home: Home,
) -> int:
    """Pushes the windows in which a reading changed, each at the end that it is stored with.

    Intervals after the last one of the dataset keep what was pushed. A window that ends between two intervals of the
    dataset was not cut from it, and stays. One that was pushed, and now is what the dataset says, gets its version.

    Args:
        after: Readings of the dataset as it is now, `[M, T]`.
        changed: `[M, T]` which of them are others than those in the store.
        until: `[M]` UTC, where the window of a meter ends that has none yet.
        moves_on: Whether older windows move on to there.
        length: Intervals of a window.
        data_version: Of the dataset as it is now; 0 if it was not imported.
        home: Where the store lies.

    Returns:
        How many windows were pushed.

    Raises:
        FeatureStoreError: The online store does not answer.
    """
    stored = OnlineWindowReader(home).read(after.meter_ids.tolist())
    newest = until.tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[s]")
    start = np.datetime64(after.start.tz_convert("UTC").tz_localize(None), "s")
    step = np.timedelta64(after.resolution_minutes, "m")
    moved = np.isnat(stored.ends) | (moves_on & (stored.ends < newest))
    ends = np.where(moved, newest, stored.ends)
    columns = ((ends - start) // step)[:, None] + np.arange(-length, 0)
    inside = (columns >= 0) & (columns < after.kwh.shape[1])
    places = np.where(inside, columns, 0)
    touched = (np.take_along_axis(changed, places, axis=1) & inside).any(axis=1)
    on_grid = ~np.asarray((ends - start) % step, bool)
    served = _at_the_end(stored.windows, length)
    behind = columns >= after.kwh.shape[1]
    kept = np.where(behind & ~moved[:, None], served, np.float32(np.nan))
    windows = np.where(inside, np.take_along_axis(after.kwh, places, axis=1), kept)
    imported = np.isnan(kept).all(axis=1)
    unnumbered = (stored.data_versions == 0) & imported & bool(data_version)
    arrived = unnumbered & ((windows == served) | (np.isnan(windows) & np.isnan(served))).all(axis=1)
    rows = np.flatnonzero(moved | ((touched | arrived) & on_grid))
    if not len(rows):
        return 0
    left_out = push_windows(
        home,
        after.meter_ids[rows],
        pd.DatetimeIndex(ends[rows], tz="UTC"),
        windows[rows],
        data_versions=np.where(imported, data_version, 0)[rows],
    )
    return len(rows) - left_out


def _at_the_end(stored: np.ndarray, length: int) -> np.ndarray:
    """The newest `length` intervals of windows `[M, S]`; NaN where they are shorter."""
    known = np.full((len(stored), length), np.nan, np.float32)
    width = min(length, stored.shape[1])
    known[:, length - width :] = stored[:, stored.shape[1] - width :]
    return known
