"""What is expected of a day of a feeder."""

import datetime
from pathlib import Path

import numpy as np
import pytest

from metrify.config import Home
from metrify.errors import GridError
from metrify.grid.feeder import Profiles
from metrify.grid.feeder_files import StoredFeeder
from metrify.steps.expect_feeder import expected_profiles, last_whole_day

from ..grid.made_up_feeder import ZONE, make_up_feeder


def stored_from(start: str, hours: float, minutes: int = 15) -> StoredFeeder:
    count = int(hours * 60 / minutes)
    numbers = np.arange(count, dtype=float)[:, None]
    return StoredFeeder(
        make_up_feeder(), Profiles(np.datetime64(start, "s"), minutes, numbers, 0 * numbers, 0 * numbers), ZONE
    )


@pytest.mark.parametrize(("day", "steps"), [((2016, 3, 26), 96), ((2016, 3, 27), 92), ((2016, 10, 30), 100)])
def test_a_local_day_is_as_long_as_the_clock_makes_it(day: tuple[int, int, int], steps: int, tmp_path: Path) -> None:
    date = datetime.date(*day)
    stored = stored_from("2016-03-20T23:00", 300 * 24)
    measured = expected_profiles(stored, date, Home(tmp_path), is_measured=True).profiles
    before = expected_profiles(stored, date, Home(tmp_path)).profiles
    assert len(measured) == len(before) == steps and measured.start == before.start
    np.testing.assert_array_equal(before.load_kw, measured.load_kw - 96)


def test_the_last_whole_day_is_what_the_clock_says(tmp_path: Path) -> None:
    assert last_whole_day(stored_from("2016-01-04T23:00", 7 * 24)) == datetime.date(2016, 1, 11)
    assert last_whole_day(stored_from("2016-01-04T23:00", 7 * 24 + 5)) == datetime.date(2016, 1, 11)
    assert last_whole_day(stored_from("2016-03-26T23:00", 23)) == datetime.date(2016, 3, 27)
    with pytest.raises(GridError, match="hold no whole day"):
        last_whole_day(stored_from("2016-01-04T12:00", 20))


def test_steps_that_begin_beside_midnight_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GridError, match=r"No step .* begins with the day 2016-01-06"):
        expected_profiles(stored_from("2016-01-04T23:10", 7 * 24), datetime.date(2016, 1, 6), Home(tmp_path))
