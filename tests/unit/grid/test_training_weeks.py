from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from metrify.config.grid_optimization import GridOptimizationConfig
from metrify.errors import GridError
from metrify.grid.evaluation import Week, evaluation_weeks
from metrify.grid.feeder import Profiles
from metrify.grid.training_weeks import held_out_hours, judged_weeks, split_weeks

ZONE, MINUTES = "Europe/Berlin", 60
CONFIG = GridOptimizationConfig()


def profiles(days: int, start: str = "2015-12-31T23:00") -> Profiles:
    nothing = np.zeros((days * 24, 1))
    return Profiles(np.datetime64(start, "s"), MINUTES, nothing, nothing, nothing)


def steps(weeks: tuple[Week, ...]) -> set[int]:
    return {step for week in weeks for step in range(week.first, week.first + week.steps)}


def test_a_year_is_judged_on_the_weeks_by_which_controllers_compare() -> None:
    assert judged_weeks(profiles(366), ZONE) == evaluation_weeks(profiles(366), ZONE)


def test_no_step_is_learnt_from_that_is_judged_or_chosen_on_and_all_else_is() -> None:
    year = profiles(366)
    judged, (learnt, chosen) = judged_weeks(year, ZONE), split_weeks(year, ZONE, CONFIG)
    assert len(chosen) == CONFIG.chosen_weeks
    assert not steps(learnt) & (steps(chosen) | steps(judged)) and not steps(chosen) & steps(judged)
    assert len(learnt) + len(chosen) + len(judged) >= 52 - 4
    assert min(steps(learnt) | steps(chosen)) >= 28 * 24


def test_chosen_weeks_are_spread_over_the_year() -> None:
    _, chosen = split_weeks(profiles(366), ZONE, CONFIG)
    months = [week.month for week in chosen]
    assert months == sorted(months) and min(np.diff(months)) >= 2


def test_weeks_begin_on_a_local_monday_in_summer_too() -> None:
    year = profiles(366)
    learnt, chosen = split_weeks(year, ZONE, CONFIG)
    for week in (*learnt, *chosen):
        begins = pd.Timestamp(year.times[week.first], tz="UTC").tz_convert(ZONE)
        assert (begins.dayofweek, begins.hour, begins.month) == (0, 0, week.month)


@pytest.mark.parametrize(
    ("start", "days", "months"),
    [
        ("2016-01-03T23:00", 20 * 7, [1, 4]),
        ("2016-04-30T22:00", 10 * 7, [6]),  # without any of the four months, the last that has a second week
        ("2016-03-31T22:00", 200, [4, 7, 10]),
    ],
)
def test_less_than_a_year_is_judged_on_what_there_is(start: str, days: int, months: list[int]) -> None:
    part = profiles(days, start)
    judged, (learnt, chosen) = judged_weeks(part, ZONE), split_weeks(part, ZONE, CONFIG)
    assert [week.month for week in judged] == months
    assert chosen and len(learnt) >= len(chosen)


@pytest.mark.parametrize("days", [0, 10, 5 * 7])
def test_too_little_to_judge_or_to_learn_from_is_refused(days: int) -> None:
    with pytest.raises(GridError, match=r"whole ones of the profiles can be judged on|can be learnt from"):
        split_weeks(profiles(days), ZONE, CONFIG)


def test_hours_of_a_week_are_held_out() -> None:
    year = profiles(366)
    hours = held_out_hours(year, [Week(1, 24, 168)])
    assert np.flatnonzero(hours).tolist() == list(range(24, 192))
    quarter = replace(year, minutes=15)
    assert np.flatnonzero(held_out_hours(quarter, [Week(1, 4, 6)])).tolist() == [1, 2]
