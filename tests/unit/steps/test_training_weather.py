"""The weather of a training set: as it was known at each origin, in parts on disk, or refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrify.errors import DatasetError
from metrify.features.batch import FeatureContext
from metrify.features.surroundings import Surroundings
from metrify.readings.dataset import DatasetInfo
from metrify.readings.known import KnownWeather
from metrify.readings.weather import WEATHER_FILE, check_weather
from metrify.steps import training_weather
from metrify.steps.training_weather import WeatherSource, open_weather, read_weather_arrays, write_weather

START, HOUR, DAYS = pd.Timestamp("2024-03-29", tz="UTC"), pd.Timedelta(hours=1), 9
CONTEXT = FeatureContext(48, 24, 60, "Europe/Berlin", "DE")
INFO = DatasetInfo("ours", 60, "Europe/Berlin", "DE", "-", "-")
METERS = pd.DataFrame({"meter_id": ["a", "b", "c"], "station_id": ["north", "south", "north"]})
COLUMNS = ("temperature_c", "global_radiation_w_per_m2")
SIDES = np.array(["train", "validation", "test"], object)


def draw_weather(seed: int = 0) -> pd.DataFrame:
    """Hourly observations of two stations, and a forecast of two days every six hours."""
    generator, frames = np.random.default_rng(seed), []
    for station in ("north", "south"):
        at = pd.Series(pd.date_range(START, periods=DAYS * 24, freq="h", unit="us"))
        frames.append(pd.DataFrame({"timestamp": at, "issued_at": pd.NaT}))
        for hour in range(0, DAYS * 24, 6):
            ahead = pd.Series(pd.date_range(START + hour * HOUR, periods=48, freq="h", unit="us"))
            frames.append(pd.DataFrame({"timestamp": ahead, "issued_at": START + hour * HOUR}))
        for frame in frames[-1 - DAYS * 4 :]:
            frame["station_id"] = station
            frame["issued_at"] = pd.DatetimeIndex(frame["issued_at"]).tz_localize(None).tz_localize("UTC").as_unit("us")
    weather = pd.concat(frames, ignore_index=True)
    for column in COLUMNS:
        weather[column] = generator.normal(10, 5, len(weather)).astype(np.float32)
    return check_weather(weather)


def rows(days: list[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A row of each meter and day, and sides in turn."""
    meters = np.repeat(METERS["meter_id"].to_numpy(object), len(days))
    origins = np.tile([(START + day * 24 * HOUR).tz_localize(None).to_datetime64() for day in days], len(METERS))
    return meters, origins.astype("datetime64[s]"), SIDES[np.arange(len(meters)) % 3]


def source(weather: pd.DataFrame) -> WeatherSource:
    return WeatherSource("ours", Surroundings(weather, None, METERS), COLUMNS)


def test_what_is_written_in_parts_is_what_was_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_weather, "_ROWS_AT_ONCE", 4)
    weather, (meters, origins, sides) = draw_weather(), rows([2, 4, 5, 7])
    write_weather(source(weather), tmp_path, meters, origins, sides, CONTEXT)
    read = read_weather_arrays(tmp_path, COLUMNS)
    expected = Surroundings(weather, None, METERS).weather_at(meters, origins, CONTEXT, COLUMNS)
    assert read is not None
    assert expected is not None
    assert isinstance(read.observed, np.memmap)
    for name in ("observed", "forecast", "issued_at"):
        np.testing.assert_array_equal(getattr(read, name), getattr(expected, name), err_msg=name)
    assert np.isfinite(read.forecast).all()


@given(st.integers(0, 2**16), st.integers(3, 7), st.booleans())
@settings(max_examples=10)
def test_what_became_known_after_the_origins_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, seed: int, day: int, drop: bool
) -> None:
    weather, (meters, origins, sides) = draw_weather(seed), rows([day])
    is_later = weather["issued_at"].fillna(weather["timestamp"] + HOUR) > START + day * 24 * HOUR
    changed = (
        weather[~is_later] if drop else weather.assign(temperature_c=weather["temperature_c"].where(~is_later, 99))
    )

    def written(frame: pd.DataFrame) -> KnownWeather:
        folder = tmp_path_factory.mktemp("weather")
        return write_weather(source(frame), folder, meters, origins, sides, CONTEXT)

    one, other = written(weather), written(changed)
    np.testing.assert_array_equal(one.observed, other.observed)
    np.testing.assert_array_equal(one.forecast, other.forecast)
    assert (np.asarray(one.issued_at) <= origins[:, None]).all()


def test_what_nobody_knew_is_missing(tmp_path: Path) -> None:
    weather = draw_weather()
    origin = START + 4 * 24 * HOUR
    weather = weather[~weather["issued_at"].between(origin - 48 * HOUR, origin)]
    meters, origins, sides = rows([3, 4, 7])
    written = write_weather(source(weather), tmp_path, meters, origins, SIDES[[0, 0, 1, 0, 1, 2, 0, 1, 2]], CONTEXT)
    of_fourth_day = origins == np.datetime64(origin.tz_localize(None), "s")
    assert np.isnan(written.forecast[of_fourth_day]).all()
    assert np.isnat(written.issued_at[of_fourth_day]).all()
    assert np.isfinite(written.observed).all()
    assert sides.shape == of_fourth_day.shape


def opened(folder: Path, weather: pd.DataFrame | None) -> WeatherSource:
    if weather is not None:
        weather.to_parquet(folder / WEATHER_FILE)
    return open_weather(folder, INFO, METERS)


def test_the_quantities_that_are_observed_and_forecast_are_read(tmp_path: Path) -> None:
    weather = draw_weather().assign(wind_speed_m_per_s=np.float32(3))
    assert opened(tmp_path, weather).columns == COLUMNS
    only_observed = weather["global_radiation_w_per_m2"].where(weather["issued_at"].isna())
    assert opened(tmp_path, weather.assign(global_radiation_w_per_m2=only_observed)).columns == COLUMNS[:1]


def test_a_dataset_without_weather_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="'ours' has no weather") as raised:
        opened(tmp_path, None)
    assert "--weather" in raised.value.mend


@pytest.mark.parametrize(
    ("change", "problem", "mend"),
    [
        (lambda weather: weather[weather["issued_at"].isna()], "has no forecasts", "issued_at"),
        (lambda weather: weather[weather["issued_at"].notna()], "both observed and forecast", "include_weather"),
        (lambda weather: weather.drop(columns=list(COLUMNS)).assign(wind_speed_m_per_s=1), "neither temperature_c", ""),
    ],
)
def test_weather_that_a_model_can_not_read_is_refused(tmp_path: Path, change, problem: str, mend: str) -> None:
    with pytest.raises(DatasetError, match=problem) as raised:
        opened(tmp_path, change(draw_weather()))
    assert mend in raised.value.mend


@pytest.mark.parametrize("kind", ["forecast", "observation"])
def test_a_side_that_knew_nothing_is_named(tmp_path: Path, kind: str) -> None:
    weather = draw_weather()
    of_kind = weather["issued_at"].notna() if kind == "forecast" else weather["issued_at"].isna()
    known_at = weather["issued_at"].fillna(weather["timestamp"])
    meters, origins, _ = rows([2, 7])
    sides = np.where(origins < origins.max(), "train", np.where(meters == "a", "validation", "test")).astype(object)
    late = weather[~of_kind | (known_at > START + 3 * 24 * HOUR)]
    with pytest.raises(DatasetError, match=f"No {kind} of temperature_c was known at any origin of the train rows"):
        write_weather(source(late), tmp_path, meters, origins, sides, CONTEXT)
