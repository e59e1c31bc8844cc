import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrify.errors import ConfigError
from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.calendar import ORIGIN_CALENDAR, horizon_calendar, window_rest_day

DAY = 24
FRIDAY, SATURDAY, SUNDAY, MONDAY = ("2024-03-01", "2024-03-02", "2024-03-03", "2024-03-04")

origins = st.lists(st.integers(0, 3 * 366 * DAY), min_size=1, max_size=10).map(
    lambda hours: np.datetime64("2023-01-01", "s") + np.array(hours) * np.timedelta64(1, "h")
)


def batch_at(stamps: object, timezone: str = "UTC", country: str = "DE", length: int = DAY, horizon: int = DAY):
    values = np.atleast_1d(np.array(stamps, dtype="datetime64[s]"))
    context = FeatureContext(length, horizon, 60, timezone, country)
    return FeatureBatch(np.zeros((len(values), length), np.float32), values, context)


def local_hours(calendar: np.ndarray) -> np.ndarray:
    return np.round(np.arctan2(calendar[..., 0], calendar[..., 1]) * DAY / (2 * np.pi)).astype(int) % DAY


def weekdays(calendar: np.ndarray) -> np.ndarray:
    return np.round(np.arctan2(calendar[..., 2], calendar[..., 3]) * 7 / (2 * np.pi)).astype(int) % 7


def test_the_clock_is_the_local_one() -> None:
    calendar = horizon_calendar(batch_at("2024-06-30T22:00", "Europe/Berlin"))[0]
    assert local_hours(calendar).tolist() == list(range(DAY))
    assert set(weekdays(calendar)) == {0}  # a Monday, though still Sunday in UTC


def test_in_spring_two_o_clock_is_left_out() -> None:
    calendar = horizon_calendar(batch_at("2024-03-30T23:00", "Europe/Berlin"))[0]
    assert local_hours(calendar).tolist() == [0, 1, *range(3, DAY), 0]
    assert weekdays(calendar).tolist() == [6] * 23 + [0]


def test_in_autumn_two_o_clock_comes_twice() -> None:
    calendar = horizon_calendar(batch_at("2024-10-26T22:00", "Europe/Berlin"))[0]
    assert local_hours(calendar).tolist() == [0, 1, 2, *range(2, DAY - 1)]


@pytest.mark.parametrize(("day", "rest"), [(FRIDAY, 0), (SATURDAY, 1), (SUNDAY, 1), (MONDAY, 0)])
def test_a_weekend_is_a_rest_day(day: str, rest: int) -> None:
    assert (horizon_calendar(batch_at(day))[0, :, 4] == rest).all()


@pytest.mark.parametrize(
    ("day", "country", "rest"),
    [
        ("2024-10-03", "DE", 1),  # Tag der Deutschen Einheit, a Thursday
        ("2024-10-03", "GB", 0),
        ("2024-12-25", "DE", 1),
        ("2024-12-25", "GB", 1),
        ("2024-05-27", "GB", 1),  # Spring Bank Holiday, a Monday
        ("2024-05-27", "DE", 0),
    ],
)
def test_holidays_are_those_of_the_country(day: str, country: str, rest: int) -> None:
    assert (horizon_calendar(batch_at(day, country=country))[0, :, 4] == rest).all()


def test_a_rest_day_begins_at_local_midnight() -> None:
    rest = horizon_calendar(batch_at("2024-12-24T12:00", "Europe/Berlin"))[0, :, 4]
    assert rest.tolist() == [0] * 11 + [1] * 13


def test_a_window_looks_back_from_its_origin_over_the_new_year() -> None:
    rest = window_rest_day(batch_at("2025-01-02", "UTC", length=3 * DAY))[0]
    assert rest.tolist() == [0] * 2 * DAY + [1] * DAY  # Mon 30 and Tue 31 December, then New Year's Day


@given(origins, st.sampled_from(["UTC", "Europe/London", "Europe/Berlin"]))
def test_the_window_at_a_day_s_end_is_the_horizon_at_its_start(ends: np.ndarray, timezone: str) -> None:
    starts = ends - np.timedelta64(DAY, "h")
    past = window_rest_day(batch_at(ends, timezone))
    np.testing.assert_array_equal(past, horizon_calendar(batch_at(starts, timezone))[..., 4])


@given(origins)
def test_a_row_does_not_depend_on_the_others(stamps: np.ndarray) -> None:
    together = horizon_calendar(batch_at(stamps, "Europe/Berlin"))
    assert together.dtype == np.float32
    for row, stamp in zip(together, stamps, strict=True):
        np.testing.assert_array_equal(row, horizon_calendar(batch_at(stamp, "Europe/Berlin"))[0])


@given(origins, st.sampled_from(["UTC", "Europe/London", "Europe/Berlin", "Asia/Kolkata"]))
def test_the_origin_s_calendar_is_that_of_the_horizon_s_first_interval(stamps: np.ndarray, timezone: str) -> None:
    batch = batch_at(stamps, timezone)
    first = horizon_calendar(batch)[:, 0]
    values = {calendar.name: np.asarray(calendar(batch), np.float32) for calendar in ORIGIN_CALENDAR}
    np.testing.assert_array_equal(values["origin_hour_sine"], first[:, 0])
    np.testing.assert_array_equal(values["origin_hour_cosine"], first[:, 1])
    np.testing.assert_array_equal(values["origin_day_of_week"], weekdays(first))
    np.testing.assert_array_equal(values["origin_rest_day"], first[:, 4])
    local = pd.DatetimeIndex(stamps, tz="UTC").tz_convert(timezone)
    np.testing.assert_array_equal(values["origin_hour"], local.hour + local.minute / 60)


@pytest.mark.parametrize("country", ["XX", "de", ""])
@pytest.mark.parametrize("feature", [window_rest_day, horizon_calendar])
def test_a_country_without_known_holidays_is_refused_by_name(feature, country: str) -> None:
    with pytest.raises(ConfigError, match=f"No public holidays are known of the country '{country}'"):
        feature(batch_at("2024-03-01", country=country))


@pytest.mark.parametrize("timezone", ["Europe/Atlantis", ""])
def test_an_unknown_time_zone_is_refused_by_name(timezone: str) -> None:
    with pytest.raises(ConfigError, match=f"Unknown time zone '{timezone}'"):
        horizon_calendar(batch_at("2024-03-01", timezone))


def test_no_row_is_no_error() -> None:
    nothing = np.empty(0, dtype="datetime64[s]")
    assert window_rest_day(batch_at(nothing)).shape == (0, DAY)
    assert horizon_calendar(batch_at(nothing)).shape == (0, DAY, 5)
