"""Fills the gaps of windows, for models that read complete ones."""

import numpy as np

SMALLEST_VISIBLE_SHARE = 0.5  # of a window: below it there is too little to tell what the rest was


def fill_window_gaps(windows: np.ndarray, day_length: int) -> tuple[np.ndarray, np.ndarray]:
    """Puts the mean of the same clock time in the window in the place of each missing reading.

    Nothing but the window itself is looked at, so no reading of another meter and none of the future is used.

    Args:
        windows: `[N, L]` kWh per interval, whole days, oldest first; NaN where a reading is missing.
        day_length: Intervals in a day.

    Returns:
        The windows, `[N, L]` float32, and `[N]` the share of readings that were filled. A window of which less than
        half is visible is NaN altogether, and so is one that never saw a clock time.

    Example:
        >>> fill_window_gaps(np.array([[1.0, 2.0, 3.0, np.nan]]), 2)
        (array([[1., 2., 3., 2.]], dtype=float32), array([0.25]))
    """
    by_day = windows.reshape(len(windows), -1, day_length)
    present = np.isfinite(by_day)
    count = present.sum(axis=1)
    total = np.where(present, by_day, 0).sum(axis=1, dtype=np.float64)
    usual = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    filled = np.where(present, by_day, usual[:, None]).astype(np.float32).reshape(windows.shape)
    missing = (~present).mean(axis=(1, 2))
    filled[(missing > 1 - SMALLEST_VISIBLE_SHARE) | ~np.isfinite(filled).all(axis=1)] = np.nan
    return filled, missing
