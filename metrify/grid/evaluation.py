"""The weeks by which controllers compare, and the share of the possible saving that each reaches."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from metrify.grid.feeder import Profiles

EVALUATION_MONTHS = (1, 4, 7, 10)
_DAYS, _WHICH = 7, 1  # the second full week


@dataclass(frozen=True)
class Week:
    """A week of profiles.

    Attributes:
        month: That it lies in, 1 to 12.
        first: Number of its first step.
        steps: How many it has.
    """

    month: int
    first: int
    steps: int


def evaluation_weeks(year: Profiles, timezone: str) -> tuple[Week, ...]:
    """The second full week, Monday to Sunday, of January, April, July and October, by the local clock.

    Args:
        year: Profiles of a year.
        timezone: IANA name of the local time.
    """
    local = pd.DatetimeIndex(year.times, tz="UTC").tz_convert(timezone)
    mondays = np.flatnonzero((local.dayofweek == 0) & (local.hour == 0) & (local.minute == 0))
    weeks = []
    for month in EVALUATION_MONTHS:
        first = mondays[local.month[mondays] == month][_WHICH]
        weeks.append(Week(month, int(first), _DAYS * 24 * 60 // year.minutes))
    return tuple(weeks)


def saving_ratio(none_eur: float, ours_eur: float, best_eur: float) -> float:
    """Which part of what perfect foresight saves was saved; NaN where there was nothing to save."""
    return (none_eur - ours_eur) / (none_eur - best_eur) if none_eur > best_eur else float("nan")
