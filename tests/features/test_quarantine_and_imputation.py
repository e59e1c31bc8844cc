"""What reaches the feature store and the training set: no quarantined reading, and imputed ones only in windows."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metrify.config import Home, MetrifyConfig, default_config
from metrify.readings.dataset import Dataset, DatasetInfo, write_dataset
from metrify.readings.quality.releases import write_releases
from metrify.steps.build_training_set import build_training_set
from metrify.steps.materialise_features import materialise_features
from metrify.steps.replay_readings import ReadingsReplay
from metrify.steps.training_set import TrainingSet, read_training_set
from metrify.steps.validate_readings import validate_readings

from .served_windows import served_windows

START, HOUR = pd.Timestamp("2024-01-01", tz="UTC"), pd.Timedelta(hours=1)
DAYS, METERS, WINDOW, HORIZON = 80, 12, 48, 24
BAD_HOUR = 40 * 24 + 10  # in training time
LATE_BAD_HOUR = 77 * 24 + 10  # a week after the beginning of test time, in the days that a replay pushes
NEGATIVE_KWH = -7.0

Build = Callable[..., TrainingSet]


def dataset(bad_hour: int = BAD_HOUR) -> Dataset:
    """Some meters with weeks of their own, each with one negative reading in the same hour."""
    stamps = pd.date_range(START, periods=DAYS * 24, freq="h", unit="us")
    kwh = np.random.default_rng(0).gamma(4, 0.1, (METERS, len(stamps))).astype(np.float32)
    kwh[:, bad_hour] = NEGATIVE_KWH
    numbers = [f"m_{row:024x}" for row in range(METERS)]
    readings = pd.DataFrame(
        {
            "meter_id": np.repeat(np.array(numbers, dtype=object), len(stamps)),
            "timestamp": pd.DatetimeIndex(np.tile(stamps.tz_localize(None).to_numpy(), METERS), tz="UTC").as_unit("us"),
            "kwh": kwh.ravel(),
        }
    )
    info = DatasetInfo("ours", 60, "UTC", "GB", "-", "-")
    return Dataset(info, readings, pd.DataFrame({"meter_id": numbers, "group": numbers, "district": "x"}))


def config(imputation: str) -> MetrifyConfig:
    values = default_config().model_dump()
    values["quality"]["imputation"] = imputation
    values["feature_engineering"]["lookback_window"] = WINDOW
    values["training"]["consumption_forecasting"].update(sequence_length=WINDOW, forecast_horizon=HORIZON)
    return MetrifyConfig.model_validate(values)


@pytest.fixture
def build(tmp_path: Path, metrify_home: Path) -> Build:
    """Runs the steps from readings to the training set."""

    def run(imputation: str = "none", bad_hour: int = BAD_HOUR) -> TrainingSet:
        home, settings = Home(metrify_home), config(imputation)
        folder, verdicts = tmp_path / "dataset", tmp_path / "verdicts"
        if not folder.exists():
            write_dataset(dataset(bad_hour), folder)
        validate_readings(folder, verdicts, settings, home)
        materialise_features(folder, verdicts, tmp_path / "until", settings, home)
        build_training_set(folder, verdicts, tmp_path / "set", settings, home)
        return read_training_set(tmp_path / "set")

    return run


def touched(training_set: TrainingSet, column: int, before: int, after: int) -> np.ndarray:
    """The rows whose origin lies so that hour `column` is within `before` hours before or `after` hours after it."""
    origins = (training_set.origins - np.datetime64(START.tz_localize(None), "s")) // np.timedelta64(3600, "s")
    return (origins > column - after) & (origins <= column + before)


def test_a_quarantined_reading_reaches_no_window_and_no_target(build: Build) -> None:
    training_set = build()
    assert np.isfinite(training_set.windows).all() and np.isfinite(training_set.targets).all()
    assert training_set.windows.min() >= 0 and training_set.targets.min() >= 0
    assert not touched(training_set, BAD_HOUR, WINDOW, HORIZON).any()
    assert not training_set.imputed_shares.any()


def test_it_comes_back_when_it_is_released(build: Build, tmp_path: Path) -> None:
    kept_out = build()
    meters = kept_out.meter_ids[kept_out.sides == "train"]
    release = {"meter_id": meters[0], "first": START + BAD_HOUR * HOUR, "last": START + BAD_HOUR * HOUR}
    release |= {"reason": "negative", "released_at": START, "because": "a solar roof, seen by the field crew"}
    write_releases(tmp_path / "dataset", pd.DataFrame([release]))
    training_set = build()
    back = touched(training_set, BAD_HOUR, WINDOW, HORIZON)
    assert set(training_set.meter_ids[back]) == {meters[0]}
    assert back.sum() == (WINDOW + HORIZON) // 24
    assert (training_set.windows[back] == NEGATIVE_KWH).sum() == WINDOW // 24
    assert (training_set.targets[back] == NEGATIVE_KWH).sum() == HORIZON // 24


def test_imputed_readings_are_in_windows_and_never_in_targets(build: Build) -> None:
    training_set = build("same_hour")
    assert not touched(training_set, BAD_HOUR, 0, HORIZON).any()
    imputed = touched(training_set, BAD_HOUR, WINDOW, 0)
    assert imputed.any()
    np.testing.assert_array_equal(training_set.imputed_shares > 0, imputed)
    assert set(training_set.imputed_shares[imputed].tolist()) == {np.float32(1 / WINDOW)}
    readings = dataset().readings
    kwh = readings["kwh"].to_numpy().reshape(METERS, -1)
    row = np.flatnonzero(imputed)[0]
    meter = sorted(readings["meter_id"].unique()).index(training_set.meter_ids[row])
    origin = int((training_set.origins[row] - np.datetime64("2024-01-01", "s")) // np.timedelta64(3600, "s"))
    expected = kwh[meter, origin - WINDOW : origin].copy()
    expected[BAD_HOUR - origin + WINDOW] = np.mean([kwh[meter, BAD_HOUR - week * 168] for week in range(1, 5)])
    np.testing.assert_allclose(training_set.windows[row], expected, rtol=1e-6)


def test_what_a_replay_pushes_is_what_training_had(build: Build, tmp_path: Path, metrify_home: Path) -> None:
    training_set = build("same_hour", LATE_BAD_HOUR)
    replay = ReadingsReplay(tmp_path / "dataset", tmp_path / "verdicts", config("same_hour"), Home(metrify_home))
    row = np.flatnonzero(training_set.imputed_shares > 0)[0]
    meter, origin = training_set.meter_ids[row], pd.Timestamp(training_set.origins[row], tz="UTC")
    replay.push(origin)
    windows, _ = served_windows(Home(metrify_home), [meter])
    np.testing.assert_array_equal(windows[0], training_set.windows[row])
    measured = replay.actual(START + LATE_BAD_HOUR * HOUR, 1)
    assert np.isnan(measured).all()  # an imputed reading is no outcome
