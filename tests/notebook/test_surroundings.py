"""Weather and grid status in a notebook."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from metrify import FeatureConfig, FeatureEngineeringPipeline
from metrify.errors import ConfigError, DatasetError, MetrifyError, ReadingsError, UsageError
from metrify.features.text_code import code_texts

DAY = 24
WINDOW = 2 * DAY
PLACE = {"timezone": "Europe/Berlin", "country": "DE", "lookback_window": WINDOW, "include_time_features": False}
START = pd.Timestamp("2024-03-01", tz="UTC")
METERS = pd.DataFrame({"meter_id": ["m0", "m1"], "station_id": ["north", "south"], "feeder_id": ["f0", "f1"]})
WEATHER_FEATURES = {
    "observed_temperature",
    "observed_radiation",
    "forecast_temperature",
    "forecast_radiation",
    "forecast_age",
}


def weather_of(days: int, *stations: str, with_forecasts: bool = True) -> pd.DataFrame:
    """Degrees that count the hours, and a forecast each day at six of the next two days, half a degree too warm."""
    frames = []
    for station in stations:
        hours = pd.date_range(START, periods=days * DAY, freq="h")
        celsius = np.arange(days * DAY, dtype=float) + 1000 * (station == "south")
        observed = pd.DataFrame({"station_id": station, "timestamp": hours, "issued_at": pd.NaT, "celsius": celsius})
        frames.append(observed.astype({"issued_at": "datetime64[ns]"}))
        frames[-1]["issued_at"] = frames[-1]["issued_at"].dt.tz_localize("UTC")
        for day in range(days if with_forecasts else 0):
            ahead = slice(day * DAY + 6, day * DAY + 6 + 2 * DAY)
            frames.append(observed[ahead].assign(issued_at=hours[day * DAY + 6], celsius=celsius[ahead] + 0.5))
    weather = pd.concat(frames, ignore_index=True).rename(columns={"celsius": "temperature_c"})
    return weather.assign(global_radiation_w_per_m2=weather["temperature_c"] * 2)


def status_of(days: int, *feeders: str) -> pd.DataFrame:
    hours = pd.date_range(START, periods=days * DAY, freq="h")
    frames = [pd.DataFrame({"feeder_id": name, "timestamp": hours, "loading_percent": 50.0}) for name in feeders]
    return pd.concat(frames, ignore_index=True).assign(voltage_pu=0.98)


def test_rows_have_the_weather_of_their_own_station_as_it_was_known(make_readings: Callable) -> None:
    pipeline = FeatureEngineeringPipeline(FeatureConfig(include_weather=True, **PLACE))
    rows, _ = pipeline.transform_with_targets(
        make_readings(2, 6), weather=weather_of(6, "north", "south"), meters=METERS
    )
    assert set(rows.features) == {"load_window", "meter_code", *WEATHER_FEATURES}
    hour = (pd.DatetimeIndex(rows.origins, tz="UTC") - START) // pd.Timedelta(hours=1)
    level = np.where(rows.meter_ids == "m1", 1000, 0)
    first = (hour.to_numpy() + level)[:, None]
    np.testing.assert_array_equal(rows.features["observed_temperature"], first + np.arange(-WINDOW, 0))
    np.testing.assert_array_equal(rows.features["forecast_temperature"], first + np.arange(DAY) + 0.5)
    np.testing.assert_array_equal(rows.features["forecast_radiation"], 2 * (first + np.arange(DAY) + 0.5))
    assert (rows.features["forecast_age"] == 17).all()  # from six to the local midnight, both UTC


def test_rows_have_the_status_of_their_own_feeder(make_readings: Callable) -> None:
    pipeline = FeatureEngineeringPipeline(FeatureConfig(include_grid_status=True, **PLACE))
    rows = pipeline.transform(make_readings(2, 5), grid_status=status_of(5, "f1"), meters=METERS)
    of_f1 = rows.meter_ids == "m1"
    assert 0 < of_f1.sum() < len(of_f1)
    assert (rows.features["feeder_loading"][of_f1] == 50).all()
    assert (rows.features["feeder_voltage"][of_f1] == np.float32(0.98)).all()
    assert np.isnan(rows.features["feeder_loading"][~of_f1]).all()  # nothing is known of f0


def test_the_only_station_needs_no_meters(make_readings: Callable) -> None:
    pipeline = FeatureEngineeringPipeline(FeatureConfig(include_weather=True, **PLACE))
    rows = pipeline.transform(make_readings(2, 5), weather=weather_of(5, "north"))
    assert np.isfinite(rows.features["observed_temperature"]).all()


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"include_weather_forecast": False}, {"observed_temperature", "observed_radiation"}),
        ({"weather_quantities": ("radiation",)}, {"observed_radiation", "forecast_radiation", "forecast_age"}),
        (
            {"include_weather_forecast": False, "weather_quantities": ("temperature",)},
            {"observed_temperature"},
        ),
    ],
)
def test_parts_of_the_weather_can_be_left_out(make_readings: Callable, choice: dict, expected: set[str]) -> None:
    pipeline = FeatureEngineeringPipeline(FeatureConfig(include_weather=True, **choice, **PLACE))
    weather = weather_of(5, "north", with_forecasts=choice.get("include_weather_forecast", True))
    unread = "global_radiation_w_per_m2" if choice.get("weather_quantities") == ("temperature",) else "none"
    rows = pipeline.transform(make_readings(1, 5), weather=weather.drop(columns=unread, errors="ignore"))
    assert set(rows.features) == {"load_window", "meter_code", *expected}


NORTH, BOTH = weather_of(5, "north"), weather_of(5, "north", "south")


@pytest.mark.parametrize(
    ("config", "given", "kind", "part"),
    [
        ({"include_weather": True}, {}, UsageError, "include_weather is set, and no weather was given.*`weather=`"),
        ({"include_grid_status": True}, {}, UsageError, "no grid_status was given"),
        ({}, {"weather": NORTH}, UsageError, "weather was given, and no feature reads it"),
        ({}, {"grid_status": status_of(5, "f0")}, UsageError, "include_grid_status=True"),
        (
            {"include_weather": True},
            {"weather": weather_of(5, "north", with_forecasts=False)},
            ConfigError,
            "no forecasts.*include_weather_forecast=False",
        ),
        (
            {"include_weather": True},
            {"weather": NORTH.drop(columns="global_radiation_w_per_m2")},
            ConfigError,
            "observed_radiation is computed from global_radiation_w_per_m2.*weather_quantities",
        ),
        ({"include_weather": True}, {"weather": BOTH}, DatasetError, "2 weather stations.*no column station_id"),
        ({"include_weather": True}, {"weather": BOTH, "meters": METERS[1:]}, DatasetError, "no station_id.* m0"),
        (
            {"include_weather": True},
            {"weather": NORTH.drop(columns="station_id")},
            ReadingsError,
            "station_id: is missing",
        ),
        (
            {"include_grid_status": True},
            {"grid_status": status_of(5, "f0").drop(columns="voltage_pu")},
            ReadingsError,
            "voltage_pu: is missing",
        ),
    ],
)
def test_what_is_not_clear_is_refused(
    make_readings: Callable, config: dict, given: dict, kind: type[MetrifyError], part: str
) -> None:
    with pytest.raises(kind, match=part) as raised:
        FeatureEngineeringPipeline(FeatureConfig(**config, **PLACE)).transform(make_readings(1, 5), **given)
    assert raised.value.mend


def test_weather_without_any_quantity_is_refused() -> None:
    with pytest.raises(ValidationError, match="weather_quantities"):
        FeatureConfig(include_weather=True, weather_quantities=())


def test_rows_have_what_is_known_of_their_meter(make_readings: Callable) -> None:
    pipeline = FeatureEngineeringPipeline(FeatureConfig(static_columns=("tariff", "feeder_id"), **PLACE))
    rows = pipeline.transform(make_readings(2, 5), meters=METERS.assign(tariff=["ToU", None]))
    assert list(rows.features) == ["load_window", "meter_code", "static_tariff", "static_feeder_id"]
    is_first = rows.meter_ids == "m0"
    np.testing.assert_array_equal(rows.features["static_tariff"], np.where(is_first, code_texts(["ToU"]), 0))
    feeders = code_texts(["f0", "f1"])
    np.testing.assert_array_equal(rows.features["static_feeder_id"], np.where(is_first, *feeders))


@pytest.mark.parametrize(
    ("meters", "error", "problem"),
    [
        (None, UsageError, "static_columns names tariff, and no meters were given"),
        (METERS, DatasetError, "have no column tariff"),
    ],
)
def test_what_is_not_known_of_meters_is_named(
    make_readings: Callable, meters: pd.DataFrame | None, error: type[MetrifyError], problem: str
) -> None:
    pipeline = FeatureEngineeringPipeline(FeatureConfig(static_columns=("tariff",), **PLACE))
    with pytest.raises(error, match=problem):
        pipeline.transform(make_readings(2, 5), meters=meters)
