"""Hours and ends of days by the local clock."""

import numpy as np
import pandas as pd


def local_hours(times: np.ndarray, timezone: str) -> np.ndarray:
    """The hour of the local day, `[T]` 0 to 23.

    Args:
        times: `[T]` UTC datetime64.
        timezone: IANA name of the local time.
    """
    return pd.DatetimeIndex(times, tz="UTC").tz_convert(timezone).hour.to_numpy()


def ends_local_day(ends: np.ndarray, timezone: str) -> np.ndarray:
    """Whether a local day ends when steps end, `[T]` bool.

    Args:
        ends: `[T]` UTC datetime64, when each step ends.
        timezone: IANA name of the local time.
    """
    local = pd.DatetimeIndex(ends, tz="UTC").tz_convert(timezone)
    return np.asarray((local.hour == 0) & (local.minute == 0) & (local.second == 0))
