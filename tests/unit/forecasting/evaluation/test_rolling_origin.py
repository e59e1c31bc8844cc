import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from metrify.errors import ConfigError, ForecastError
from metrify.forecasting.evaluation.rolling_origin import RollingOrigins, cut_time, roll_origins
from metrify.readings.splits import SIDES, TimeSplit

DAY = pd.Timedelta(days=1)
ZONES = ("UTC", "Europe/London", "America/New_York", "Australia/Sydney", "Asia/Kolkata")


def utc(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def hundred_days(**changes: object) -> RollingOrigins:
    start, end = utc("2024-01-01"), utc("2024-04-10")  # a hundred days
    arguments = {"resolution_minutes": 60, "lookback": 72, "horizon": 24, "timezone": "UTC"} | changes
    return roll_origins(start, end, cut_time(start, end, "UTC"), **arguments)


def test_the_last_fifteen_percent_are_for_the_test_and_the_ten_before_for_validation() -> None:
    origins = hundred_days()
    assert (origins.train[0], origins.train[-1]) == (utc("2024-01-04"), utc("2024-03-15"))
    assert (origins.validation[0], origins.validation[-1]) == (utc("2024-03-16"), utc("2024-03-25"))
    assert (origins.test[0], origins.test[-1]) == (utc("2024-03-26"), utc("2024-04-09"))
    assert (len(origins.train), len(origins.validation), len(origins.test)) == (72, 10, 15)


def test_a_target_that_reaches_into_the_next_side_is_left_out() -> None:
    origins = hundred_days(horizon=72)
    assert origins.train[-1] == utc("2024-03-13")
    assert origins.validation[-1] == utc("2024-03-23")
    assert origins.test[-1] == utc("2024-04-07")


def test_dates_of_ones_own_are_taken() -> None:
    cut = TimeSplit(utc("2024-02-01"), utc("2024-03-01"))
    origins = roll_origins(
        utc("2024-01-01"), utc("2024-04-01"), cut, resolution_minutes=60, lookback=24, horizon=24, timezone="UTC"
    )
    assert (origins.validation[0], origins.test[0]) == (cut.validation_start, cut.test_start)


@given(
    zone=st.sampled_from(ZONES),
    start=st.dates(min_value=pd.Timestamp("2012-01-01").date(), max_value=pd.Timestamp("2023-01-01").date()),
    days=st.integers(40, 420),
    resolution=st.sampled_from([15, 30]),
    horizon_hours=st.integers(1, 72),
    lookback_days=st.integers(0, 10),
)
@settings(max_examples=40)
def test_no_target_of_one_side_is_seen_in_another(
    zone: str, start: object, days: int, resolution: int, horizon_hours: int, lookback_days: int
) -> None:
    assume(days * 0.10 * 24 > horizon_hours + 48)
    first = pd.Timestamp(str(start), tz="UTC")
    end, per_hour = first + days * DAY, 60 // resolution
    origins = roll_origins(
        first,
        end,
        cut_time(first, end, zone),
        resolution_minutes=resolution,
        lookback=lookback_days * 24 * per_hour,
        horizon=horizon_hours * per_hour,
        timezone=zone,
    )
    horizon = pd.Timedelta(hours=horizon_hours)
    assert origins.train[-1] + horizon <= origins.validation[0]
    assert origins.validation[-1] + horizon <= origins.test[0]
    assert origins.test[-1] + horizon <= end
    assert origins.train[0] - lookback_days * DAY >= first
    for side in SIDES:
        local = getattr(origins, side).tz_convert(zone)
        assert (local == local.normalize()).all()
        assert local.is_monotonic_increasing


def test_a_day_of_23_hours_before_a_cut_loses_its_origin() -> None:
    # The clocks go forward on 31 March 2024: 24 hours from that midnight on end at one o'clock of 1 April.
    zone = "Europe/Berlin"
    cut = TimeSplit(pd.Timestamp("2024-04-01", tz=zone), pd.Timestamp("2024-04-20", tz=zone))
    origins = roll_origins(
        utc("2024-03-01"), utc("2024-05-01"), cut, resolution_minutes=60, lookback=0, horizon=24, timezone=zone
    )
    assert origins.train[-1] == pd.Timestamp("2024-03-30", tz=zone)
    assert origins.validation[0] == cut.validation_start


def test_sides_that_overlap_are_refused_with_the_origin_to_leave_out() -> None:
    days = pd.date_range("2024-01-01", periods=9, freq="D", tz="UTC")
    RollingOrigins(days[:3], days[3:6], days[6:], DAY)
    with pytest.raises(ForecastError, match=r"last train target ends at 2024-01-05.* validation origin at 2024-01-04"):
        RollingOrigins(days[:3], days[3:6], days[6:], 2 * DAY)
    with pytest.raises(ForecastError, match="last validation target") as raised:
        RollingOrigins(days[:3], days[3:7], days[6:], DAY)
    assert "from 2024-01-06" in raised.value.mend
    with pytest.raises(ForecastError, match="last train target"):
        RollingOrigins(days[[0, 8]], days[3:6], days[6:], DAY)


def test_empty_sides_are_refused_by_name() -> None:
    with pytest.raises(ForecastError, match="No origin is left to validation"):
        hundred_days(horizon=24 * 12)
    with pytest.raises(ForecastError, match="No origin is left to train and validation and test"):
        hundred_days(lookback=24 * 200)
    with pytest.raises(ForecastError, match="No local day begins"):
        cut_time(utc("2024-01-01T01:00"), utc("2024-01-01T20:00"), "UTC")


def test_midnights_between_two_readings_are_refused() -> None:
    with pytest.raises(ForecastError, match=r"Midnight in Asia/Kolkata, for instance .*18:30.* 60 minutes"):
        hundred_days(timezone="Asia/Kolkata")
    with pytest.raises(ConfigError, match="Unknown time zone"):
        hundred_days(timezone="Mars/Olympus")


def test_rows_are_found_by_their_origin() -> None:
    origins = hundred_days()
    stamps = np.array(["2024-01-03", "2024-03-16", "2024-03-15", "2024-03-16", "2024-04-09"], dtype="datetime64[s]")
    assert origins.rows("train", stamps).tolist() == [2]
    assert origins.rows("validation", stamps).tolist() == [1, 3]
    assert origins.rows("test", stamps).tolist() == [4]
