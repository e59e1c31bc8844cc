"""Which weeks of a feeder's profiles controllers are judged on, which they are chosen by, and which they learn from."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from metrify.config.grid_optimization import GridOptimizationConfig
from metrify.errors import GridError
from metrify.grid.evaluation import EVALUATION_MONTHS, Week
from metrify.grid.feeder import Profiles

_HISTORY_DAYS, _WEEK_DAYS = 28, 7  # a forecast reads four weeks, so the first four are not learnt from
_WHICH = 1  # the second full week of a month
_MOST_CHOSEN_SHARE = 0.25  # of the weeks that are left, by which controllers are chosen
_LEAST_LEARNT_SHARE = 0.5  # of the weeks that have a forecast
_MEND = "Bring profiles of half a year, with the second week of January, April, July or October among them."


def judged_weeks(year: Profiles, timezone: str) -> tuple[Week, ...]:
    """The weeks of `evaluation_weeks` that are there, or of profiles without any the first such week of another month.

    Of short profiles, so many are taken that half of the weeks are left to learn from.

    Args:
        year: Profiles of a year, or less.
        timezone: IANA name of the local time.

    Raises:
        GridError: There is none.
    """
    weeks, months = _whole_weeks(year, timezone), range(1, 13)
    second = [week for month in months for week in [w for w in weeks if w.month == month][_WHICH : _WHICH + 1]]
    usual = sorted((week for week in second if week.month in EVALUATION_MONTHS), key=lambda week: week.first)
    found = usual or sorted(second, key=lambda week: week.first)[-1:]
    forecast = _with_forecast(weeks, year)
    while found and len(_apart(forecast, found)) < _LEAST_LEARNT_SHARE * len(forecast):
        found = found[:-1]
    if not found or not forecast:
        raise GridError(f"No week of the {len(weeks)} whole ones of the profiles can be judged on.", _MEND)
    return tuple(found)


def split_weeks(
    year: Profiles, timezone: str, config: GridOptimizationConfig
) -> tuple[tuple[Week, ...], tuple[Week, ...]]:
    """Weeks to learn from, and weeks to choose controllers by, which are spread over the year.

    Neither touches a week of `judged_weeks`. Both lie behind the first four weeks, before which there is no forecast.

    Args:
        year: Profiles of a year, or less.
        timezone: IANA name of the local time.
        config: How many weeks controllers are chosen by; of short profiles, a quarter at most.

    Raises:
        GridError: There is none to judge on, or to learn from.
    """
    free = _apart(_with_forecast(_whole_weeks(year, timezone), year), judged_weeks(year, timezone))
    count = min(config.chosen_weeks, int(_MOST_CHOSEN_SHARE * len(free)))
    if not count:
        raise GridError(f"Only {len(free)} whole weeks of the profiles can be learnt from.", _MEND)
    places = np.linspace(0, len(free) - 1, count + 2)[1:-1].round().astype(int)
    chosen = [free[place] for place in places]
    return tuple(_apart(free, chosen)), tuple(chosen)


def held_out_hours(year: Profiles, weeks: Iterable[Week]) -> np.ndarray:
    """Which whole hours of profiles lie in weeks, `[H]` bool.

    Args:
        year: Profiles.
        weeks: Of them.
    """
    per_hour = 60 // year.minutes
    hours = np.zeros(len(year) // per_hour, bool)
    for week in weeks:
        hours[week.first // per_hour : -(-(week.first + week.steps) // per_hour)] = True
    return hours


def _whole_weeks(year: Profiles, timezone: str) -> list[Week]:
    """All weeks from a local Monday on that lie wholly in the profiles."""
    local = pd.DatetimeIndex(year.times, tz="UTC").tz_convert(timezone)
    mondays = np.flatnonzero((local.dayofweek == 0) & (local.hour == 0) & (local.minute == 0)).tolist()
    steps = _WEEK_DAYS * 24 * 60 // year.minutes
    return [Week(int(local.month[first]), first, steps) for first in mondays if first + steps <= len(year)]


def _with_forecast(weeks: Sequence[Week], year: Profiles) -> list[Week]:
    return [week for week in weeks if week.first >= _HISTORY_DAYS * 24 * 60 // year.minutes]


def _apart(weeks: Sequence[Week], others: Sequence[Week]) -> list[Week]:
    """Weeks that share no step with others: where the clocks change, a week of 168 hours reaches into the next one."""
    return [
        week
        for week in weeks
        if all(week.first + week.steps <= other.first or other.first + other.steps <= week.first for other in others)
    ]
