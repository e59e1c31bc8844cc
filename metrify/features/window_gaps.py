"""Fills the gaps of windows, for models that read complete ones."""

import numpy as np

from metrify.features.batch import FeatureBatch
from metrify.features.same_hour_profile import mean_at_clock_times

SMALLEST_VISIBLE_SHARE = 0.5  # below it there is too little to tell what the rest was


def fill_window_gaps(batch: FeatureBatch, history: np.ndarray | None = None) -> np.ndarray:
    """Puts the mean of the same local clock time in the window in the place of each missing reading.

    Nothing but the window itself is looked at, so no reading of another meter and none of the future is used.

    Args:
        batch: Windows with NaN where a reading is missing, and their origins.
        history: `[N]` intervals at the end of each window that are filled, and of which at least half must be visible;
            the whole window without it.

    Returns:
        The windows, `[N, L]` float32. A gap stays where the history never shows its clock time, and all of a window's
        gaps stay where too little of its history is visible.
    """
    windows, length = batch.windows, batch.context.sequence_length
    history = np.full(len(windows), length) if history is None else history
    gaps = ~np.isfinite(windows) & (np.arange(length) >= length - history[:, None])
    missing = gaps.sum(axis=1)
    rows = np.flatnonzero((missing > 0) & (history - missing >= SMALLEST_VISIBLE_SHARE * history))
    if not len(rows):
        return windows
    filled = windows.copy()
    usual = mean_at_clock_times(batch.take(rows), range(-length, 0))
    filled[rows] = np.where(gaps[rows], usual, windows[rows])
    return filled
