"""What drift is looked for in: how each meter's last week differs from its own three weeks before.

Whole weeks are compared, so like hours stand against like hours, and each meter is compared with itself, so neither a
meter's size nor its habits can look like drift. What is left is change.
"""

import numpy as np
import pandas as pd

WINDOW_DAYS = 28
_RECENT_DAYS = 7
_CLOCK_SHARES = {"night": (0, 6), "day": (9, 16), "evening": (17, 22)}  # hours after the origin's clock time
_SMALLEST_KWH = 1e-3
_DECIMALS = 4

DRIFT_FEATURES = ("change_log_mean", *(f"change_{name}_share" for name in _CLOCK_SHARES), "change_load_factor")


def drift_features(windows: np.ndarray, day_length: int) -> pd.DataFrame:
    """One row for each distinct meter-week.

    Loads that are scaled copies of one profile give the same row; they are one observation, not many, so equal rows
    are kept once. Incomplete windows are left out.

    Args:
        windows: `[N, L]` kWh per interval, at least `WINDOW_DAYS` days, oldest first.
        day_length: Intervals in a day.

    Returns:
        At most N rows with the columns `DRIFT_FEATURES`.
    """
    windows = windows[np.isfinite(windows).all(axis=1), -WINDOW_DAYS * day_length :]
    days = windows.reshape(len(windows), WINDOW_DAYS, day_length)
    change = _shape(days[:, -_RECENT_DAYS:]) - _shape(days[:, :-_RECENT_DAYS])
    return pd.DataFrame(np.unique(np.round(change, _DECIMALS), axis=0), columns=list(DRIFT_FEATURES))


def _shape(days: np.ndarray) -> np.ndarray:
    """Level, clock shares and load factor of the mean day of `[N, days, day_length]`, `[N, len(DRIFT_FEATURES)]`."""
    profile = days.mean(axis=1, dtype=np.float64)
    per_hour = days.shape[2] // 24
    total = np.maximum(profile.sum(axis=1), _SMALLEST_KWH)
    shares = [
        profile[:, first * per_hour : last * per_hour].sum(axis=1) / total for first, last in _CLOCK_SHARES.values()
    ]
    level = np.log(np.maximum(profile.mean(axis=1), _SMALLEST_KWH))
    load_factor = profile.mean(axis=1) / np.maximum(profile.max(axis=1), _SMALLEST_KWH)
    return np.stack([level, *shares, load_factor], axis=1)
