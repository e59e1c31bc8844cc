import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrify.errors import ConfigError
from metrify.features.windows import local_midnights

hours_of_two_years = st.integers(0, 2 * 366 * 24).map(lambda hour: pd.Timestamp("2023-01-01", tz="UTC") + hour * HOUR)
zones = st.sampled_from(["UTC", "Europe/London", "Europe/Berlin", "America/New_York", "Asia/Kolkata"])
HOUR = pd.Timedelta(hours=1)


@pytest.mark.parametrize(
    ("timezone", "expected"),
    [
        ("Europe/Berlin", ["03-29 23:00", "03-30 23:00", "03-31 22:00", "04-01 22:00"]),
        ("Europe/London", ["03-30 00:00", "03-31 00:00", "03-31 23:00", "04-01 23:00"]),
        ("UTC", ["03-30 00:00", "03-31 00:00", "04-01 00:00", "04-02 00:00"]),
    ],
)
def test_midnights_follow_the_clocks_in_spring(timezone: str, expected: list[str]) -> None:
    midnights = local_midnights(
        pd.Timestamp("2024-03-29 12:00", tz="UTC"), pd.Timestamp("2024-04-02 12:00", tz="UTC"), timezone
    )
    assert midnights.strftime("%m-%d %H:%M").tolist()[: len(expected)] == expected


def test_the_longest_day_of_the_year_has_25_hours_between_its_midnights() -> None:
    midnights = local_midnights(
        pd.Timestamp("2024-10-26", tz="UTC"), pd.Timestamp("2024-10-29", tz="UTC"), "Europe/Berlin"
    )
    assert (midnights[1:] - midnights[:-1]).tolist() == [25 * HOUR, 24 * HOUR]


def test_both_ends_count() -> None:
    start, end = pd.Timestamp("2024-01-01", tz="UTC"), pd.Timestamp("2024-01-03", tz="UTC")
    assert local_midnights(start, end, "UTC").tolist() == [start, start + 24 * HOUR, end]
    assert len(local_midnights(start + HOUR, end - HOUR, "UTC")) == 1
    assert local_midnights(start + HOUR, start + 2 * HOUR, "UTC").empty


@given(hours_of_two_years, hours_of_two_years, zones)
def test_they_are_all_the_local_midnights_in_between(one: pd.Timestamp, other: pd.Timestamp, timezone: str) -> None:
    start, end = sorted((one, other))
    midnights = local_midnights(start, end, timezone)
    half_hours = pd.date_range(start, end, freq="30min")
    local = half_hours.tz_convert(timezone)
    assert midnights.tolist() == half_hours[local == local.normalize()].tolist()
    assert str(midnights.dtype) == "datetime64[us, UTC]"


@pytest.mark.parametrize(
    ("timezone", "day", "expected"),
    [
        ("America/Sao_Paulo", "2017-10-15", ["10-14 03:00", "10-15 03:00", "10-16 02:00"]),  # begins at one o'clock
        ("America/Sao_Paulo", "2018-02-18", ["02-17 02:00", "02-18 03:00", "02-19 03:00"]),  # 23 o'clock came twice
        ("Asia/Beirut", "2024-03-31", ["03-30 22:00", "03-31 21:00"]),
        ("America/Havana", "2024-11-03", ["11-02 04:00", "11-03 04:00", "11-04 05:00"]),  # midnight came twice
        ("Pacific/Apia", "2011-12-30", ["12-29 10:00", "12-30 10:00", "12-31 10:00"]),  # the 30th never was
    ],
)
def test_where_clocks_change_at_midnight_a_day_begins_at_its_first_instant(
    timezone: str, day: str, expected: list[str]
) -> None:
    noon = pd.Timestamp(day, tz="UTC") + 12 * HOUR
    midnights = local_midnights(noon - 36 * HOUR, noon + 24 * HOUR, timezone)
    assert midnights.strftime("%m-%d %H:%M").tolist() == expected


@given(hours_of_two_years, st.integers(0, 400), st.sampled_from(["Asia/Beirut", "America/Havana", "Africa/Cairo"]))
def test_each_local_day_begins_once(start: pd.Timestamp, hours: int, timezone: str) -> None:
    end = start + hours * HOUR
    stamps = pd.date_range(start - HOUR, end, freq="h")
    days = stamps.tz_convert(timezone).strftime("%j")
    begins = [later for later, before, after in zip(stamps[1:], days, days[1:], strict=False) if before != after]
    assert local_midnights(start, end, timezone).tolist() == begins


def test_an_unknown_time_zone_is_refused_by_name() -> None:
    moment = pd.Timestamp("2024-01-01", tz="UTC")
    with pytest.raises(ConfigError, match="Unknown time zone 'Europe/Atlantis'"):
        local_midnights(moment, moment + HOUR, "Europe/Atlantis")
