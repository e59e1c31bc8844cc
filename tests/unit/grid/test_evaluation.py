"""Weeks and shares by which controllers compare."""

import math

import pandas as pd
import pytest

from metrify.grid.evaluation import evaluation_weeks, saving_ratio
from metrify.grid.simbench_feeder import TIMEZONE, read_simbench_feeder
from metrify.readings.sources.simbench import GRIDS


def test_the_second_full_week_of_each_season_begins_on_its_local_monday() -> None:
    year = read_simbench_feeder(GRIDS[0])[1]
    weeks = evaluation_weeks(year, TIMEZONE)
    begin = [str(pd.Timestamp(year.times[week.first], tz="UTC").tz_convert(TIMEZONE)) for week in weeks]
    assert begin == [
        "2016-01-11 00:00:00+01:00",
        "2016-04-11 00:00:00+02:00",
        "2016-07-11 00:00:00+02:00",
        "2016-10-10 00:00:00+02:00",
    ]
    assert [(week.month, week.steps) for week in weeks] == [(month, 7 * 96) for month in (1, 4, 7, 10)]


def test_the_ratio_is_the_part_of_what_can_be_saved() -> None:
    assert saving_ratio(100, 85, 80) == pytest.approx(0.75) and saving_ratio(100, 110, 80) == pytest.approx(-0.5)
    assert math.isnan(saving_ratio(100, 100, 100))
