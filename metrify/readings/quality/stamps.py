"""Parts the readings whose stamps can't be right from the others, before they become a matrix.

One stamp of the year 2099 or 1970 would make its time axis many years long.
"""

import numpy as np
import pandas as pd

_DAY = np.timedelta64(1, "D")
_MOST_OUTLYING = 0.01  # of the dataset's readings; more of them are an older campaign and no reset clock


def split_future(
    readings: pd.DataFrame, now: pd.Timestamp, resolution_minutes: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Parts the readings whose interval is over from those that nobody can have measured yet.

    Args:
        readings: Readings that keep their contract.
        now: When they are judged, UTC.
        resolution_minutes: Length of an interval.

    Returns:
        The readings of the past and those of the future.
    """
    future = readings["timestamp"] > now - pd.Timedelta(minutes=resolution_minutes)
    return readings[~future], readings[future]


def split_outlying(readings: pd.DataFrame, max_silent_days: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Parts the few readings that lie far before all others, as a meter stamps them whose clock was reset.

    Days without any reading of the dataset part it into times. Those before the time with most readings are outlying
    if each and all of them are few. A later time never is: a dataset may go on after a pause.

    Args:
        readings: Readings of the past that keep their contract.
        max_silent_days: So many days without a reading are a pause and part nothing.

    Returns:
        The readings of the mass and the outlying ones.
    """
    days = readings["timestamp"].dt.tz_localize(None).to_numpy().astype("datetime64[D]")
    counts = pd.Series(days).value_counts(sort=False).sort_index()
    silent = np.diff(counts.index.to_numpy()) > max_silent_days * _DAY
    if not silent.any():
        return readings, readings.iloc[:0]
    times = np.concatenate([[0], np.cumsum(silent)])
    of_time = np.bincount(times, counts.to_numpy())
    mass = int(of_time.argmax())
    if of_time[:mass].sum() > _MOST_OUTLYING * of_time.sum():
        return readings, readings.iloc[:0]
    first_day = counts.index.to_numpy()[np.searchsorted(times, mass)].astype("datetime64[D]")
    outlying = days < first_day
    return readings[~outlying], readings[outlying]
