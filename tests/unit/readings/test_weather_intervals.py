"""How long a value of the weather holds: by the stamps of its own kind and station, also where clocks change."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metrify.errors import ReadingsError
from metrify.readings.sources.table_source import TableSource
from metrify.readings.weather import weather_known_at, weather_known_for

from .tables import add_table
from .test_weather import HOUR, START, weather_of


def import_weather(folder: Path, frame: pd.DataFrame, **options: object) -> pd.DataFrame:
    """What becomes of a file of weather that is imported beside hourly readings."""
    (folder / "r.csv").write_text("meter_id,timestamp,kwh\na,2024-01-01 00:00,1\n")
    frame.to_csv(folder / "w.csv", index=False)
    source = TableSource(folder / "r.csv", "ours", weather=folder / "w.csv", **options)
    weather = add_table(source, None, folder / "out").dataset.weather
    assert weather is not None
    return weather


def test_what_is_observed_and_what_is_forecast_have_steps_of_their_own(tmp_path: Path) -> None:
    hours = pd.date_range("2024-01-01", periods=48, freq="h", tz="UTC")
    observed = pd.DataFrame({"timestamp": hours, "temperature_c": np.arange(48.0)})
    forecast = [
        pd.DataFrame({"timestamp": issue + pd.Timedelta(hours=3) * np.arange(8), "issued_at": issue})
        for issue in hours[:24]  # each begins at its own hour
    ]
    issued = pd.concat(forecast).reset_index(drop=True)
    issued["temperature_c"] = 100.0 * (issued["issued_at"] - hours[0]).dt.total_seconds() / 3600
    issued["temperature_c"] += (issued["timestamp"] - issued["issued_at"]).dt.total_seconds() / 3600
    weather = import_weather(tmp_path, pd.concat([observed, issued]))
    known = weather_known_at(weather, np.array([START + 12 * HOUR, START + 13 * HOUR]), 4, 9, 60)
    np.testing.assert_array_equal(known.observed[..., 0], [[8, 9, 10, 11], [9, 10, 11, 12]])
    three_hourly = np.repeat([0, 3, 6], 3)
    np.testing.assert_array_equal(known.forecast[..., 0], [1200 + three_hourly, 1300 + three_hourly])


def test_what_is_forecast_hourly_does_not_shorten_what_is_observed_every_three_hours() -> None:
    rows = [(hour, None, float(hour)) for hour in range(0, 13, 3)] + [(hour, 0, 0.0) for hour in range(24)]
    known = weather_known_at(weather_of(rows), np.array([START + 11 * HOUR]), 6, 1, 60)
    # The interval from 09:00 is not over.
    np.testing.assert_array_equal(known.observed[0, :, 0], np.float32([3, 6, 6, 6, np.nan, np.nan]))


@pytest.mark.parametrize(("day", "hours"), [("2024-03-31", 23), ("2024-10-27", 25), ("2024-07-01", 24)])
@pytest.mark.parametrize("is_forecast", [False, True])
def test_daily_weather_in_local_time_holds_for_the_whole_of_each_day(
    tmp_path: Path, day: str, hours: int, is_forecast: bool
) -> None:
    days = pd.date_range(pd.Timestamp(day) - pd.Timedelta(days=3), periods=7)
    frame = pd.DataFrame({"timestamp": days.strftime("%Y-%m-%d %H:%M"), "temperature_c": np.arange(7.0)})
    if is_forecast:
        frame["issued_at"] = "2024-01-01 00:00"
    weather = import_weather(tmp_path, frame, timezone="Europe/London")
    midnights = days.tz_localize("Europe/London").tz_convert("UTC").tz_localize(None).to_numpy("datetime64[us]")
    of_days = np.repeat(np.arange(1, 5), [24, 24, hours, 24]).astype(np.float32)
    if is_forecast:
        known = weather_known_at(weather, midnights[1:2], 1, len(of_days), 60).forecast
    else:
        known = weather_known_at(weather, midnights[5:6], len(of_days), 1, 60).observed
    np.testing.assert_array_equal(known[0, :, 0], of_days)


@pytest.mark.parametrize("day", ["2024-03-31", "2024-10-27"])
def test_three_hourly_weather_in_local_time_has_no_hole_where_clocks_change(tmp_path: Path, day: str) -> None:
    local = pd.date_range("2024-03-29", "2024-10-30", freq="3h")
    frame = pd.DataFrame({"timestamp": local.strftime("%Y-%m-%d %H:%M"), "temperature_c": np.arange(len(local))})
    weather = import_weather(tmp_path, frame, timezone="Europe/London")
    at = pd.Timestamp(day, tz="Europe/London") + pd.DateOffset(days=1)
    instants = pd.date_range(end=at, periods=40, freq="h", inclusive="left").tz_convert("Europe/London")
    wall = (instants.tz_localize(None) - local[0]) // pd.Timedelta(hours=3)
    known = weather_known_at(weather, np.array([at.tz_convert("UTC").tz_localize(None)], "datetime64[us]"), 39, 1, 60)
    np.testing.assert_array_equal(known.observed[0, :, 0], wall.to_numpy(np.float32))


def test_stations_may_be_stamped_at_other_minutes(tmp_path: Path) -> None:
    frames = [
        pd.DataFrame(
            {
                "station_id": station,
                "timestamp": pd.date_range(f"2024-01-01 00:{minute}", periods=24, freq="h", tz="UTC"),
                "temperature_c": base + np.arange(24.0),
            }
        )
        for station, minute, base in (("full", "00", 0), ("half", "30", 100))
    ]
    weather = import_weather(tmp_path, pd.concat(frames))
    stations, origins = np.array(["full", "half"], dtype=object), np.array([START + 6 * HOUR] * 2)
    known = weather_known_for(weather, stations, origins, 3, 1, 60)
    # At 05:00 the half-past station is in its hour from 04:30, over at 05:30.
    np.testing.assert_array_equal(known.observed[..., 0], [[3, 4, 5], [102, 103, 104]])


def test_a_missing_hour_stays_missing() -> None:
    rows = [(hour, None, float(hour)) for hour in range(12) if hour not in (4, 5, 8)]
    known = weather_known_at(weather_of(rows), np.array([START + 12 * HOUR]), 12, 1, 60)
    assert np.flatnonzero(np.isnan(known.observed[0, :, 0])).tolist() == [4, 5, 8]


def test_forecasts_of_one_interval_each_hold_until_the_next() -> None:
    rows = [(24 * day, 24 * day - 12, float(day)) for day in range(1, 6)] + [(hour, None, 0.0) for hour in range(48)]
    known = weather_known_at(weather_of(rows), np.array([START + 60 * HOUR]), 1, 36, 60)
    np.testing.assert_array_equal(known.forecast[0, :, 0], np.float32([2] * 12 + [3] * 24))


def test_the_two_issues_of_an_hour_that_happens_twice_are_no_two_passes(tmp_path: Path) -> None:
    stamps = [f"2024-10-27 {hour}:00" for hour in ("00", "01", "02")]
    rows = [(stamp, f"2024-10-26 {issue}:00", 1.0) for stamp in stamps for issue in ("06", "12")]
    with pytest.raises(ReadingsError, match=r"2 rows have a stamp in the column 'timestamp'.*passed twice"):
        import_weather(tmp_path, pd.DataFrame(rows, columns=["timestamp", "issued_at", "temperature_c"]))
