"""Weather and grid status in the real store: a join at an origin finds what was known then, and nothing later."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metrify.adapters import feature_store
from metrify.adapters.feature_repository import open_store
from metrify.adapters.surroundings_files import VIEWS, write_surroundings
from metrify.config import Home
from metrify.features.surroundings import Surroundings
from metrify.readings.grid_status import check_grid_status
from metrify.readings.weather import check_weather, weather_known_for

from .conftest import fill_store

START, HOURS, HORIZON, EVERY = pd.Timestamp("2024-03-30", tz="UTC"), 96, 48, 6
HOUR = pd.Timedelta(hours=1)
STATIONS = ("north", "south")
OBSERVED = ["weather_observed:temperature_c", "weather_observed:relative_humidity_pct"]
FORECAST = [f"weather_forecast:{name}" for name in ("issued_at", "first_interval", "step_minutes", "temperature_c")]
STATUS = ["grid_status:loading_percent", "grid_status:voltage_pu"]


def hours(first: pd.Timestamp, count: int) -> pd.DatetimeIndex:
    return pd.date_range(first, periods=count, freq="h", unit="us")


def rows_of(station: str, first: pd.Timestamp, count: int, issued: pd.Timestamp | None) -> pd.DataFrame:
    stamps = pd.Series([issued] * count, dtype="datetime64[us, UTC]")
    return pd.DataFrame({"station_id": station, "timestamp": hours(first, count), "issued_at": stamps})


def draw_weather() -> pd.DataFrame:
    """Four days of two stations, and every six hours a forecast of two days, issued half an hour before it begins."""
    generator, frames = np.random.default_rng(0), []
    for station in STATIONS:
        frames.append(rows_of(station, START, HOURS, None))
        for issue in range(0, HOURS, EVERY):
            first = START + (issue + 1) * HOUR
            frames.append(rows_of(station, first, HORIZON, first - HOUR / 2))
    weather = pd.concat(frames, ignore_index=True)
    return check_weather(weather.assign(temperature_c=generator.normal(10, 5, len(weather)).astype(np.float32)))


def draw_status() -> pd.DataFrame:
    frames = [
        pd.DataFrame(
            {
                "feeder_id": feeder,
                "timestamp": hours(START, HOURS),
                "loading_percent": np.arange(HOURS, dtype=np.float32) + offset,
                "voltage_pu": np.full(HOURS, np.nan, np.float32),
            }
        )
        for feeder, offset in (("f1", 0), ("f2", 1000))
    ]
    return check_grid_status(pd.concat(frames, ignore_index=True))


WEATHER, STATUS_ROWS = draw_weather(), draw_status()
BOTH = Surroundings(WEATHER, STATUS_ROWS)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A store that holds both, materialised two and a half days after their start."""
    home = fill_store(tmp_path_factory.mktemp("surroundings")).home
    write_surroundings(home, BOTH, 60)
    feature_store.materialise_online(home, START + 60 * HOUR, VIEWS)
    return home


def join(home: Home, features: list[str], column: str, rows: list[tuple[str, pd.Timestamp]]) -> pd.DataFrame:
    entities = pd.DataFrame(rows, columns=[column, "event_timestamp"]).assign(row=range(len(rows)))
    joined = open_store(home).get_historical_features(entity_df=entities, features=features).to_df()
    return joined.sort_values("row", ignore_index=True)


def test_a_join_never_finds_a_forecast_that_was_issued_later(home: Home) -> None:
    origins = [START + minutes * pd.Timedelta(minutes=1) for minutes in range(0, 3000, 10)]
    rows = [(station, origin) for origin in origins for station in STATIONS]
    joined = join(home, FORECAST, "station_id", rows)
    issues = WEATHER["issued_at"].dropna().sort_values()
    seen = 0
    for row in joined.itertuples():
        newest = issues[issues <= row.event_timestamp].max()
        if pd.isna(newest):
            assert pd.isna(row.issued_at)
        else:
            assert row.issued_at == newest.timestamp() <= row.event_timestamp.timestamp()
            seen += 1
    assert seen > 500


def test_the_newest_issue_holds_what_the_feature_sees(home: Home) -> None:
    rows = [(station, START + hour * HOUR) for hour in (1, 7, 8, 30, 71) for station in STATIONS]
    joined = join(home, FORECAST, "station_id", rows)
    origins = np.array([origin.tz_localize(None) for _, origin in rows], dtype="datetime64[us]")
    known = weather_known_for(WEATHER, np.array([station for station, _ in rows], dtype=object), origins, 1, 24, 60)
    for row, expected in zip(joined.itertuples(), known.forecast[..., 0], strict=True):
        assert row.step_minutes == 60
        begin = int(row.event_timestamp.timestamp() - row.first_interval) // 3600
        assert 0 <= begin < EVERY
        np.testing.assert_array_equal(row.temperature_c[begin : begin + 24], expected)


@pytest.mark.parametrize(
    ("features", "column", "place", "name"),
    [(OBSERVED, "station_id", "south", "temperature_c"), (STATUS, "feeder_id", "f2", "loading_percent")],
)
def test_what_is_measured_is_not_visible_before_its_interval_is_over(
    home: Home, features: list[str], column: str, place: str, name: str
) -> None:
    frame = WEATHER[WEATHER["issued_at"].isna()] if column == "station_id" else STATUS_ROWS
    measured = frame[frame[column] == place].set_index("timestamp")[name]
    second, end = pd.Timedelta(seconds=1), START + 10 * HOUR
    joined = join(home, features, column, [(place, end - second), (place, end), (place, START + HOUR - second)])
    assert joined[name].iloc[0] == measured[end - 2 * HOUR]
    assert joined[name].iloc[1] == measured[end - HOUR]
    assert pd.isna(joined[name].iloc[2])


def test_online_reads_give_what_was_known_last(home: Home) -> None:
    store, until = open_store(home), START + 60 * HOUR
    stations = [{"station_id": name} for name in STATIONS]
    observed = store.get_online_features(OBSERVED, stations).to_dict()
    forecast = store.get_online_features(FORECAST, stations).to_dict()
    status = store.get_online_features(STATUS, [{"feeder_id": "f1"}, {"feeder_id": "f9"}]).to_dict()
    assert status["loading_percent"] == [59.0, None]
    issue = until - EVERY * HOUR + HOUR / 2  # the next one arrives in half an hour
    assert forecast["issued_at"] == [issue.timestamp()] * 2
    assert forecast["first_interval"] == [(issue + HOUR / 2).timestamp()] * 2
    for row, station in enumerate(STATIONS):
        of_station = WEATHER[WEATHER["station_id"] == station].set_index("timestamp")
        last = of_station[of_station["issued_at"].isna()].loc[until - HOUR]
        assert observed["temperature_c"][row] == last["temperature_c"]
        expected = of_station[of_station["issued_at"] == issue]["temperature_c"]
        np.testing.assert_array_equal(np.float32(forecast["temperature_c"][row]), expected)


def test_a_dataset_without_them_leaves_no_file_of_another_one(tmp_path: Path) -> None:
    home = Home(tmp_path / "own")
    rows = write_surroundings(home, BOTH, 60)
    assert rows == {"weather_observed": 192, "weather_forecast": 32, "grid_status": 192}
    observed = WEATHER[WEATHER["issued_at"].isna()]
    assert write_surroundings(home, Surroundings(observed), 60) == {"weather_observed": 192}
    assert [path.name for path in home.feature_store.iterdir()] == ["weather_observed.parquet"]
    assert write_surroundings(home, Surroundings(), 60) == {}
    assert not list(home.feature_store.iterdir())


def test_a_coarser_forecast_keeps_its_own_step(tmp_path: Path) -> None:
    observed = rows_of("north", START, 24, None)
    coarse = rows_of("north", START, 24, START - HOUR).iloc[::3]
    weather = pd.concat([observed, coarse], ignore_index=True).assign(temperature_c=np.float32(1))
    write_surroundings(Home(tmp_path), Surroundings(weather=check_weather(weather)), 60)
    stored = pd.read_parquet(tmp_path / "feature_store" / "weather_forecast.parquet")
    assert stored["step_minutes"].tolist() == [180]
    np.testing.assert_array_equal(stored["temperature_c"][0], np.ones(8))
    seen = pd.read_parquet(tmp_path / "feature_store" / "weather_observed.parquet")["event_timestamp"]
    assert (seen == hours(START + HOUR, 24)).all()
