"""Which days of meters can be judged, and what is read of them."""

import numpy as np
import pandas as pd
import pytest

from metrify.anomaly.meter_days import find_meter_days
from metrify.errors import AnomalyError

from .made_up_days import DAY, make_up_days, make_up_matrix


def test_the_first_judged_day_is_the_one_with_a_whole_history_before_it() -> None:
    days = make_up_days(2, 40)
    assert days.shape == (2, 12)
    assert days.ends[0] == pd.Timestamp("2024-01-30", tz="UTC")
    assert days.columns == (28 * DAY, 40 * DAY)


def test_a_window_ends_with_the_judged_day() -> None:
    days = make_up_days(2, 40)
    batch = days.batch(np.array([1, 0]), np.array([3, 0]))
    np.testing.assert_array_equal(batch.windows[0], days.matrix.kwh[1, 3 * DAY : 32 * DAY])
    np.testing.assert_array_equal(batch.windows[1], days.matrix.kwh[0, : 29 * DAY])


@pytest.mark.parametrize(("column", "day"), [(28 * DAY, 0), (29 * DAY - 1, 0), (29 * DAY, 1), (40 * DAY - 1, 11)])
def test_a_column_lies_in_the_day_that_it_is_part_of(column: int, day: int) -> None:
    assert make_up_days(1, 40).day_of(column) == day


def test_days_follow_the_local_clock_over_its_change() -> None:
    days = make_up_days(1, 120)  # clocks change on 31 March, the 91st day: 23 hours
    hours = np.bincount([days.day_of(column) for column in range(*days.columns)])
    assert np.flatnonzero(hours != DAY).tolist() == [90 - 28]
    assert hours[90 - 28] == 23


def test_features_are_the_same_in_parts_and_alone() -> None:
    days = make_up_days(3, 35)
    meters, numbers = np.array([0, 2, 1]), np.array([5, 0, 6])
    together = days.features(("day_runs", "day_levels"), meters, numbers)
    alone = days.features(("day_runs", "day_levels"), meters[1:2], numbers[1:2])
    for name, values in together.items():
        np.testing.assert_array_equal(values[1:2], alone[name])


def test_all_days_come_once_and_meter_after_meter() -> None:
    days = make_up_days(3, 35)
    parts = list(days.by_meter())
    assert np.concatenate([meters for meters, _ in parts]).tolist() == np.repeat([0, 1, 2], 7).tolist()
    assert np.concatenate([numbers for _, numbers in parts]).tolist() == 3 * list(range(7))


def test_chosen_meters_keep_their_readings() -> None:
    days = make_up_days(3, 35).choose(np.array([2]))
    assert days.matrix.meter_ids.tolist() == ["meter-2"]
    np.testing.assert_array_equal(days.matrix.kwh, make_up_matrix(3, 35).kwh[2:])


def test_readings_of_too_few_days_are_refused() -> None:
    with pytest.raises(AnomalyError, match="shorter than 29 days"):
        find_meter_days(make_up_matrix(1, 28), 28, "Europe/London", "GB")


def test_a_day_is_known_if_half_of_the_readings_before_it_were_measured() -> None:
    days = make_up_days(3, 70)
    kwh = days.matrix.kwh.copy()
    kwh[1, : 20 * DAY] = np.nan  # it began late
    kwh[2, 40 * DAY :] = np.nan  # and this one fell silent
    silent = days.with_kwh(kwh)
    known, begun = silent.is_known(), silent.has_begun()
    assert known[0].all() and begun[0].all()
    assert np.flatnonzero(known[1])[0] == 20 - 28 + 14 and begun[1].all()  # day 0 is the 29th
    assert np.flatnonzero(~known[2])[0] == 40 + 15 - 28 and begun[2].all()
    kwh[1] = np.nan
    assert not days.with_kwh(kwh).has_begun()[1].any()


def test_chosen_meters_keep_their_groups() -> None:
    matrix = make_up_matrix(3, 35)
    days = find_meter_days(matrix, 28, "Europe/London", "GB", np.array(["a", "b", "a"]))
    assert days.choose(np.array([2, 1])).groups.tolist() == ["a", "b"]  # type: ignore[union-attr]
