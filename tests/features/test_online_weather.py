"""Weather online: what a server finds for an origin is what the training set holds for it, to the bit."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metrify.adapters import feature_repository, feature_store
from metrify.adapters.online_windows import RedisWindowReader
from metrify.adapters.redis_address import REDIS_VARIABLE, RedisAddress
from metrify.adapters.weather_records import OnlineSpan, WeatherRecordReader, write_weather_records
from metrify.cli.bench.redis_server import RedisServer
from metrify.config import Home, MetrifyConfig, default_config
from metrify.errors import FeatureStoreError
from metrify.features.surroundings import Surroundings
from metrify.readings.dataset import Dataset, DatasetInfo, write_dataset
from metrify.readings.weather import WEATHER_FILE, check_weather
from metrify.steps.backfill_features import backfill_features
from metrify.steps.build_training_set import build_training_set
from metrify.steps.ingest_readings import ingest_readings
from metrify.steps.materialise_features import materialise_features
from metrify.steps.training_set import TrainingSet, read_training_set
from metrify.steps.validate_readings import validate_readings

START, DAYS, LENGTH, HORIZON = pd.Timestamp("2024-03-10", tz="UTC"), 45, 48, 24
HOUR = pd.Timedelta(hours=1)
METERS = [f"m_{number:024x}" for number in range(9)]
LONELY = METERS[4]
STATIONS = [None if meter == LONELY else ("north", "south")[number % 2] for number, meter in enumerate(METERS)]


def draw_weather(days: int = DAYS + 2) -> pd.DataFrame:
    """Hourly observations, some missing, and a forecast of two days every six hours; some were never issued."""
    generator, frames = np.random.default_rng(5), []
    for station in ("north", "south"):
        for hour in [-1, *range(0, days * 24, 6)]:
            first, count = (0, days * 24) if hour < 0 else (hour, 48)
            at = pd.date_range(START + first * HOUR, periods=count, freq="h", unit="us")
            issued = pd.NaT if hour < 0 else START + hour * HOUR
            frame = pd.DataFrame({"station_id": station, "timestamp": at, "issued_at": issued})
            if hour < 0:
                frame = frame[generator.random(len(frame)) < 0.98]
            if hour < 0 or generator.random() < 0.7:
                frames.append(frame.assign(issued_at=pd.to_datetime(frame["issued_at"], utc=True).dt.as_unit("us")))
    weather = pd.concat(frames, ignore_index=True)
    for column in ("temperature_c", "global_radiation_w_per_m2"):
        weather[column] = generator.normal(10, 5, len(weather)).astype(np.float32)
    return check_weather(weather)


def config() -> MetrifyConfig:
    values = default_config().model_dump()
    values["feature_engineering"].update(lookback_window=LENGTH, include_weather=True)
    values["training"]["consumption_forecasting"].update(sequence_length=LENGTH, forecast_horizon=HORIZON)
    return MetrifyConfig.model_validate(values)


@dataclass(frozen=True)
class World:
    """A store that was filled from a dataset with weather, and the training set of the same readings."""

    home: Home
    until: pd.Timestamp
    training_set: TrainingSet


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    root = tmp_path_factory.mktemp("weather")
    home = Home(root / "home")
    stamps = pd.date_range(START, periods=DAYS * 24, freq="h", unit="us")
    kwh = np.random.default_rng(0).gamma(4, 0.1, len(METERS) * len(stamps)).astype(np.float32)
    times = stamps.append([stamps] * (len(METERS) - 1))
    readings = pd.DataFrame({"meter_id": np.repeat(METERS, len(stamps)), "timestamp": times, "kwh": kwh})
    kept = readings["meter_id"] != LONELY  # no training without a station
    meters = pd.DataFrame({"meter_id": METERS, "group": METERS, "district": "x", "station_id": STATIONS})
    info = DatasetInfo("ours", 60, "Europe/Berlin", "DE", "-", "-")
    written = Dataset(info, readings[kept].reset_index(drop=True), meters, draw_weather())
    write_dataset(written, home.datasets / "ours")
    dataset, verdicts, until = root / "dataset", root / "verdicts", root / "until"
    ingest_readings("ours", dataset, home)
    validate_readings(dataset, verdicts, config(), home)
    figures = materialise_features(dataset, verdicts, until, config(), home)
    assert (figures["station_weather_rows"], figures["meter_station_rows"]) == (2, len(METERS))
    counts = build_training_set(dataset, verdicts, root / "training_set", config(), home)
    assert 0 < counts["rows_without_some_forecast"] < counts["train_rows"]
    return World(home, pd.Timestamp(until.read_text()), read_training_set(root / "training_set"))


def test_what_is_found_online_is_what_training_sees(world: World) -> None:
    data = world.training_set
    recent = np.flatnonzero(data.origins > (world.until - 13 * 24 * HOUR).tz_localize(None).to_datetime64())
    found = feature_store.OnlineWindowReader(world.home, with_stations=True).read(data.meter_ids[recent].tolist())
    weathers = WeatherRecordReader(world.home).read(["north", "south", "west"])
    assert set(weathers) == {"north", "south"}
    assert data.weather is not None
    assert len(recent) > 10
    for row, station in zip(recent, found.stations, strict=True):
        online = weathers[station].known_at(data.origins[row : row + 1], LENGTH, HORIZON, 60)
        assert online.columns == data.weather_columns
        for name in ("observed", "forecast", "issued_at"):
            stored = getattr(data.weather, name)[row]
            np.testing.assert_array_equal(getattr(online, name)[0], stored, err_msg=name)
        assert online.observed.dtype == np.float32


def test_a_meter_without_a_station_has_none(world: World) -> None:
    found = feature_store.OnlineWindowReader(world.home, with_stations=True).read([METERS[0], LONELY, "m_unknown"])
    assert found.stations == ("north", None, None)
    assert feature_store.OnlineWindowReader(world.home).read([METERS[0]]).stations == ()


def test_the_record_ends_some_weeks_around_the_online_windows(world: World) -> None:
    north = WeatherRecordReader(world.home).read(["north"])["north"]
    until = world.until.tz_localize(None).to_datetime64()
    assert north.observed_starts.min() >= until - np.timedelta64(14 * 24 + LENGTH, "h")
    assert north.issued_at.max() > until  # an origin that pushes move on to sees them
    assert not (north.known_at(np.array([until]), LENGTH, HORIZON, 60).issued_at > until).any()


def test_a_backfill_brings_weather_that_arrived_since(world: World) -> None:
    reader = WeatherRecordReader(world.home)
    before = reader.read(["north"])["north"]
    path = world.home.datasets / "ours" / WEATHER_FILE
    weather, kept = pd.read_parquet(path), path.read_bytes()
    try:
        weather["temperature_c"] += np.float32(1)
        weather.to_parquet(path)
        backfill_features(world.home)
        after = WeatherRecordReader(world.home).read(["north"])["north"]
        place = after.columns.index("temperature_c")
        np.testing.assert_array_equal(after.observed[:, place], before.observed[:, place] + np.float32(1))
    finally:
        path.write_bytes(kept)
        backfill_features(world.home)


@pytest.fixture
def redis(own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> RedisServer:
    """A Redis that the environment names."""
    monkeypatch.setenv(REDIS_VARIABLE, own_redis.url)
    monkeypatch.setenv(feature_repository.CONNECTION_VARIABLE, "")  # the adapter sets it; other tests must not see it
    return own_redis


def test_redis_says_the_same(world: World, redis: RedisServer, tmp_path: Path) -> None:
    home = Home(tmp_path / "redis")
    span = OnlineSpan(world.until, LENGTH, 60)
    meters = pd.DataFrame({"meter_id": METERS, "station_id": STATIONS})
    views = write_weather_records(home, Surroundings(draw_weather(), None, meters), span)
    feature_store.apply_repository(home)
    feature_store.materialise_surroundings(home, world.until, views)
    ends = pd.DatetimeIndex([world.until] * 2)
    feature_store.push_windows(home, np.array([METERS[0], LONELY]), ends, np.ones((2, LENGTH), np.float32))

    async def read() -> tuple[str | None, ...]:
        reader = RedisWindowReader(home, RedisAddress.from_url(redis.url), with_stations=True)
        try:
            found = await reader.read([METERS[0], LONELY, METERS[1]])
        finally:
            await reader.close()
        assert not found.unavailable.any()
        return found.stations

    assert asyncio.run(read()) == ("north", None, "south")
    records = WeatherRecordReader(home)
    data, weathers = world.training_set, records.read(["north", "south"])
    row = len(data.origins) - 1  # the newest origin of a meter
    station = STATIONS[METERS.index(data.meter_ids[row])]
    assert data.weather is not None
    online = weathers[str(station)].known_at(data.origins[row : row + 1], LENGTH, HORIZON, 60)
    np.testing.assert_array_equal(online.forecast[0], data.weather.forecast[row])
    redis.kill()
    with pytest.raises(FeatureStoreError, match="does not answer"):
        records.read(["north"])


def test_without_weather_the_records_go(tmp_path: Path, world: World) -> None:
    home, span = Home(tmp_path), OnlineSpan(world.until, LENGTH, 60)
    meters = pd.DataFrame({"meter_id": METERS, "station_id": STATIONS})
    assert write_weather_records(home, Surroundings(draw_weather(), None, meters), span)
    assert write_weather_records(home, Surroundings(None, None, meters), span) == {}
    assert not list(home.feature_store.glob("*station*"))
