"""What is said of rows whose weather is not all known."""

import numpy as np
import pytest

from metrify.features.weather_gaps import STALE_HOURS, weather_faults
from metrify.readings.known import KnownWeather

ORIGIN = np.datetime64("2024-03-01T00:00", "s")


def known(hours_old: int = 6) -> KnownWeather:
    issued = np.full((1, 24), ORIGIN.astype("datetime64[us]") - np.timedelta64(hours_old, "h"))
    return KnownWeather(("temperature_c",), np.ones((1, 48, 1), np.float32), np.ones((1, 24, 1), np.float32), issued)


def faults(weather: KnownWeather, station: str | None = "north") -> list[str]:
    return weather_faults(weather, np.array([ORIGIN]), [station], {"north"})


def test_weather_that_is_all_known_has_no_fault() -> None:
    assert faults(known(STALE_HOURS)) == [""]


@pytest.mark.parametrize("missing", [1, 24])
def test_missing_forecasts_are_counted(missing: int) -> None:
    weather = known()
    weather.forecast[0, :missing], weather.issued_at[0, :missing] = np.nan, np.datetime64("NaT")
    assert faults(weather) == [f"no weather forecast of {missing} of 24 intervals"]


def test_missing_observations_and_an_old_forecast_are_both_told() -> None:
    weather = known(STALE_HOURS + 1)
    weather.observed[0, :2] = np.nan
    said = "no observed weather of 2 of 48 intervals, a weather forecast of 49 hours ago"
    assert faults(weather) == [said]


def test_one_old_forecast_among_new_ones_is_enough() -> None:
    weather = known()
    weather.issued_at[0, 3] -= np.timedelta64(STALE_HOURS, "h")
    assert faults(weather) == ["a weather forecast of 54 hours ago"]


def test_a_station_that_is_not_known_or_not_at_hand_is_told_instead() -> None:
    weather = known()
    weather.observed[:], weather.forecast[:], weather.issued_at[:] = np.nan, np.nan, np.datetime64("NaT")
    assert faults(weather, None) == ["the meter's weather station is not known"]
    assert faults(weather, "south") == ["no weather of the station south is at hand"]
