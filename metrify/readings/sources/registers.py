"""Registers that count up become the energy of intervals."""

from dataclasses import dataclass

import numpy as np

_NEAR_THE_END = 0.9  # of the register's range: above it before, below the rest of it after, it began again


@dataclass(frozen=True)
class RegisterIntervals:
    """What registers say of intervals.

    Attributes:
        place: `[K]` position of the register reading at the end of each interval.
        kwh: `[K]` energy of the interval before that reading.
        resets: Positions of readings that fell without the register having come to its end: another meter, or a reset.
            The energy before them is unknown, so there is no interval.
        rollovers: Positions of readings before which the register began again.
        gaps: Positions of readings more than an interval after the one before. How the energy between them spreads is
            unknown, so there is no interval.
    """

    place: np.ndarray
    kwh: np.ndarray
    resets: np.ndarray
    rollovers: np.ndarray
    gaps: np.ndarray


def register_intervals(
    meter: np.ndarray, time: np.ndarray, register_kwh: np.ndarray, step: int, range_kwh: float | None
) -> RegisterIntervals:
    """Differences of neighbouring register readings of the same meter.

    Args:
        meter: `[N]` code, sorted.
        time: `[N]` int64 when the register was read, rising within a meter.
        register_kwh: `[N]` float64.
        step: Length of an interval, in the unit of `time`.
        range_kwh: Where the register begins again at 0; None where it never does.

    Example:
        >>> meter = np.zeros(4, int)
        >>> found = register_intervals(meter, np.arange(4), np.array([9990.0, 9998.0, 3.0, 1.0]), 1, 10_000.0)
        >>> found.kwh, found.resets, found.rollovers
        (array([8., 5.]), array([3]), array([2]))
    """
    same_meter = meter[1:] == meter[:-1]
    neighbours = same_meter & (time[1:] - time[:-1] == step)
    kwh = register_kwh[1:] - register_kwh[:-1]
    fell = kwh < 0
    began_again = np.zeros(len(kwh), dtype=bool)
    if range_kwh is not None:
        near_the_end = register_kwh[:-1] >= _NEAR_THE_END * range_kwh
        began_again = fell & near_the_end & (register_kwh[1:] <= (1 - _NEAR_THE_END) * range_kwh)
        kwh = np.where(began_again, kwh + range_kwh, kwh)
    known = neighbours & (~fell | began_again)
    return RegisterIntervals(
        place=1 + np.flatnonzero(known),
        kwh=kwh[known],
        resets=1 + np.flatnonzero(neighbours & fell & ~began_again),
        rollovers=1 + np.flatnonzero(neighbours & began_again),
        gaps=1 + np.flatnonzero(same_meter & ~neighbours),
    )
