"""The local days that readings lie on: a day has 23, 24 or 25 hours, whatever readings there are."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from metrify.readings.matrix import ReadingsMatrix

_LONGEST_DAY_HOURS = 26  # one hour more than any day that a change of the clocks makes


@dataclass(frozen=True)
class LocalDays:
    """All whole local days that a matrix touches, and where each begins on the padded time axis.

    Attributes:
        days: `[D]` naive local midnights.
        starts: `[D]` first column of each day on the padded axis.
        before: Intervals of the first day that lie before the matrix.
        after: Intervals of the last day that lie behind it.
        expected: `[D]` intervals that each day has.
    """

    days: pd.DatetimeIndex
    starts: np.ndarray
    before: int
    after: int
    expected: np.ndarray

    def pad(self, values: np.ndarray) -> np.ndarray:
        """`[M, T]` on the padded axis, `[M, T + before + after]`; zero or False where the matrix does not reach."""
        return np.pad(values, ((0, 0), (self.before, self.after)))


def find_local_days(matrix: ReadingsMatrix, timezone: str) -> LocalDays:
    """The local days of a matrix. An interval belongs to the day in which it begins.

    Args:
        matrix: Readings `[M, T]`.
        timezone: IANA name of the local time.
    """
    step = pd.Timedelta(minutes=matrix.resolution_minutes)
    pad = -(-pd.Timedelta(hours=_LONGEST_DAY_HOURS) // step)
    length = matrix.kwh.shape[1]
    stamps = pd.date_range(matrix.start - pad * step, periods=length + 2 * pad, freq=step)
    # Naive, since in some zones the clocks skip midnight and there is no such moment.
    dates = stamps.tz_convert(timezone).tz_localize(None).normalize()
    inside = np.flatnonzero((dates >= dates[pad]) & (dates <= dates[pad + length - 1]))
    dates = dates[inside]
    starts = np.flatnonzero(np.append(True, dates[1:] != dates[:-1]))
    before = int(pad - inside[0])
    expected = np.diff(np.append(starts, len(dates)))
    return LocalDays(dates[starts].as_unit("ms"), starts, before, len(dates) - before - length, expected)
