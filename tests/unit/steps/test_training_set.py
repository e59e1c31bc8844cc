"""A training set on disk is read as far as it is asked for."""

from pathlib import Path

import numpy as np
import pytest

from metrify.config import MetrifyConfig
from metrify.errors import ConfigError
from metrify.features.batch import FeatureContext
from metrify.features.specification import select_features
from metrify.features.text_code import code_texts
from metrify.readings.known import KnownWeather
from metrify.steps.training_set import TrainingSet, create_arrays, read_training_set, write_training_set

WITH_WEATHER = {"feature_engineering": {"include_weather": True}}
LENGTH, HORIZON, ROWS = 48, 24, 30
CONTEXT = FeatureContext(LENGTH, HORIZON, 60, "Europe/Berlin", "DE")


def draw(
    windows: np.ndarray,
    targets: np.ndarray,
    weather: KnownWeather | None = None,
    static: dict[str, np.ndarray] | None = None,
) -> TrainingSet:
    origins = np.datetime64("2024-03-30", "s") + np.arange(ROWS) * np.timedelta64(1, "D")
    sides = np.array(["train", "validation", "test"], object)[np.arange(ROWS) % 3]
    names = np.array([f"m{row % 4}" for row in range(ROWS)], object)
    shares = np.linspace(0, 1, ROWS, dtype=np.float32)
    arrays = (names, origins, sides, windows, targets, shares)
    return TrainingSet(*arrays, CONTEXT, "ours", "0" * 64, True, weather, static or {})


def test_what_is_written_is_read(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    written = draw(
        generator.gamma(1, 1, (ROWS, LENGTH)).astype(np.float32),
        generator.gamma(1, 1, (ROWS, HORIZON)).astype(np.float32),
    )
    write_training_set(written, tmp_path)
    read = read_training_set(tmp_path)
    assert isinstance(read.windows, np.memmap)
    for name in ("meter_ids", "origins", "sides", "windows", "targets", "imputed_shares"):
        np.testing.assert_array_equal(getattr(read, name), getattr(written, name))
    assert (read.context, read.non_negative) == (written.context, True)


def test_arrays_that_were_written_in_parts_stay_where_they_are(tmp_path: Path) -> None:
    arrays = create_arrays(tmp_path, ROWS, LENGTH, HORIZON)
    for row in range(ROWS):
        arrays.windows[row], arrays.targets[row] = row, -row
    write_training_set(draw(arrays.windows, arrays.targets), tmp_path)
    read = read_training_set(tmp_path)
    np.testing.assert_array_equal(read.windows[:, 0], np.arange(ROWS))
    np.testing.assert_array_equal(read.targets[:, -1], -np.arange(ROWS))


def test_a_side_gives_the_rows_that_are_asked_for(tmp_path: Path) -> None:
    windows = np.arange(ROWS * LENGTH, dtype=np.float32).reshape(ROWS, LENGTH)
    write_training_set(draw(windows, windows[:, :HORIZON]), tmp_path)
    side = read_training_set(tmp_path).side("validation", select_features(True))
    assert len(side) == ROWS // 3
    rows = side.take(np.array([2, 0]))
    np.testing.assert_array_equal(rows.features["load_window"], windows[[7, 1]])
    np.testing.assert_array_equal(rows.target_kwh, windows[[7, 1], :HORIZON])
    assert rows.features["horizon_calendar"].shape == (2, HORIZON, 5)
    assert side.non_negative


def test_the_weather_is_read_with_the_rows_that_are_asked_for(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    observed, forecast = (generator.normal(9, 4, (ROWS, size, 1)).astype(np.float32) for size in (LENGTH, HORIZON))
    forecast[1, 3] = np.nan
    issued = np.full((ROWS, HORIZON), np.datetime64("2024-03-29T18:00", "us"))
    windows = np.ones((ROWS, LENGTH), np.float32)
    write_training_set(
        draw(windows, windows[:, :HORIZON], KnownWeather(("temperature_c",), observed, forecast, issued)), tmp_path
    )
    read, config = read_training_set(tmp_path), MetrifyConfig.model_validate(WITH_WEATHER)
    assert read.weather is not None
    assert isinstance(read.weather.observed, np.memmap)
    features = read.side("validation", read.features(config)).take(np.array([2, 0])).features
    assert list(features)[-3:] == ["observed_temperature", "forecast_temperature", "meter_code"]
    np.testing.assert_array_equal(features["observed_temperature"], observed[[7, 1], :, 0])
    np.testing.assert_array_equal(features["forecast_temperature"], forecast[[7, 1], :, 0])
    assert read.features(MetrifyConfig()) == select_features(True, include_meter=True)


def test_a_training_set_without_weather_can_not_be_read_with_it(tmp_path: Path) -> None:
    windows = np.ones((ROWS, LENGTH), np.float32)
    write_training_set(draw(windows, windows[:, :HORIZON]), tmp_path)
    with pytest.raises(ConfigError, match="no weather"):
        read_training_set(tmp_path).features(MetrifyConfig.model_validate(WITH_WEATHER))


def test_what_is_known_of_meters_is_read_with_the_rows_that_are_asked_for(tmp_path: Path) -> None:
    windows, tariffs = np.ones((ROWS, LENGTH), np.float32), np.array(["Std", "", "ToU", "Std", "Eco"] * 6, object)
    write_training_set(draw(windows, windows[:, :HORIZON], static={"tariff": tariffs}), tmp_path)
    read = read_training_set(tmp_path)
    config = MetrifyConfig.model_validate({"feature_engineering": {"static_columns": ["tariff"]}})
    side = read.side("validation", read.features(config))
    known = side.known_codes
    rows = np.arange(1, ROWS, 3)
    assert {name: codes.tolist() for name, codes in known.items()} == {
        "meter_code": sorted(code_texts(np.unique(read.meter_ids[rows])).tolist()),
        "static_tariff": sorted(code_texts(["Std", "ToU", "Eco"]).tolist()),
    }
    taken = side.take(np.arange(len(side)))
    np.testing.assert_array_equal(taken.features["static_tariff"], code_texts(tariffs[rows]))
    assert {name: codes.tolist() for name, codes in taken.known_codes.items()} == {
        name: codes.tolist() for name, codes in known.items()
    }
    with pytest.raises(ConfigError, match="names dwelling"):
        read.features(MetrifyConfig.model_validate({"feature_engineering": {"static_columns": ["dwelling"]}}))
