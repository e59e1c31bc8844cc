import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrify.readings.quality.stamps import split_future, split_outlying

RESET = pd.Timestamp("1970-01-01", tz="UTC")


@pytest.mark.parametrize(
    ("now", "past"),
    [
        ("2024-03-01 06:00", 6),
        ("2024-03-01 05:59", 5),  # the interval that began at five is not over
        ("2024-03-01 05:00", 5),
        ("2024-02-01", 0),
        ("2030-01-01", 6),
    ],
)
def test_a_reading_is_of_the_future_until_its_interval_is_over(readings: pd.DataFrame, now: str, past: int) -> None:
    before, after = split_future(readings, pd.Timestamp(now, tz="UTC"), 60)
    assert len(before) == 2 * past
    pd.testing.assert_frame_equal(pd.concat([before, after]).sort_index(), readings)


def at(*stamps: pd.Timestamp | pd.DatetimeIndex) -> pd.DataFrame:
    every = [stamp for part in stamps for stamp in pd.DatetimeIndex(np.atleast_1d(part))]
    return pd.DataFrame(
        {"meter_id": "a", "timestamp": pd.Series(every, dtype="datetime64[us, UTC]"), "kwh": np.float32(1)}
    )


def hours(start: str, count: int) -> pd.DatetimeIndex:
    return pd.date_range(start, periods=count, freq="h", tz="UTC")


def test_readings_of_a_reset_clock_are_outlying() -> None:
    readings = at(RESET, hours("2024-01-01", 1_000), hours("2000-01-01", 3))
    mass, outlying = split_outlying(readings, 400)
    assert outlying["timestamp"].tolist() == [RESET, *hours("2000-01-01", 3)]
    assert mass["timestamp"].tolist() == list(hours("2024-01-01", 1_000))


@pytest.mark.parametrize(
    "readings",
    [
        at(hours("2024-01-01", 1_000)),
        at(pd.Timestamp("2022-11-27", tz="UTC"), hours("2024-01-01", 1_000)),  # 400 days before
        at(hours("2014-01-01", 11), hours("2024-01-01", 1_000)),  # an older campaign of more than one percent
        at(hours("2014-01-01", 1_000), hours("2024-01-01", 2)),  # a dataset that goes on
        at(),
    ],
)
def test_pauses_campaigns_and_continuations_are_not(readings: pd.DataFrame) -> None:
    mass, outlying = split_outlying(readings, 400)
    assert outlying.empty
    pd.testing.assert_frame_equal(mass, readings)


def test_the_longest_pause_is_configuration() -> None:
    readings = at(pd.Timestamp("2023-12-01", tz="UTC"), hours("2024-01-01", 1_000))
    assert [len(split_outlying(readings, days)[1]) for days in (30, 31)] == [1, 0]


@given(st.lists(st.integers(0, 20_000), min_size=1, max_size=300), st.integers(1, 2_000))
def test_no_reading_is_lost_and_the_rest_is_near(days: list[int], pause: int) -> None:
    readings = at(*(RESET + pd.Timedelta(days=day) for day in days))
    mass, outlying = split_outlying(readings, pause)
    pd.testing.assert_frame_equal(pd.concat([mass, outlying]).sort_index(), readings)
    assert len(outlying) <= len(readings) / 100
    if len(outlying):
        assert mass["timestamp"].min() - outlying["timestamp"].max() > pd.Timedelta(days=pause)
