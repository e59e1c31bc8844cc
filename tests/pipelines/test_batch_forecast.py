"""Forecasts of all meters, from the windows that a real materialisation left."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from metrify.adapters.offline_windows import WINDOWS_FILE, replace_offline_windows, windows_table
from metrify.config import Home, MetrifyConfig, default_config
from metrify.config.home import HOME_VARIABLE
from metrify.errors import BundleError, DatasetError, FeatureStoreError, InvalidRequestError, UsageError
from metrify.features.cold_start import ColdStartProfile
from metrify.features.degradation import judge_rows
from metrify.forecasting.forecast_table import REFUSED_SCHEMA, forecast_table
from metrify.readings.dataset import Dataset, DatasetInfo, read_info, write_dataset, write_info
from metrify.readings.shards import shard_names
from metrify.readings.weather import WEATHER_FILE
from metrify.steps.materialise_features import materialise_features
from metrify.steps.merge_forecasts import merge_forecasts
from metrify.steps.score_meters import score_meters
from metrify.steps.validate_readings import validate_readings
from pipelines.run_local import run_local

from .tiny_bundle import DAY, LENGTH, LEVELS, expected_quantiles, write_tiny_bundle

METERS = [f"m_{number:024x}" for number in range(14)]
REJECTED, GAPPY, NEW, YOUNG = METERS[3], METERS[5], METERS[12], METERS[13]  # three days old, and two hours
REFUSED = [REJECTED, YOUNG]
FIRST_HOUR = {NEW: -73, YOUNG: -3}  # the last origin is an hour before the end
PROFILE = ColdStartProfile(resolution_minutes=60, min_days=1, relative_load=((1.0,) * DAY, (2.0,) * DAY))
LONELY, SOUTHERN = METERS[7], METERS[8]
STATIONS = {LONELY: None, SOUTHERN: "south", NEW: "south"}  # all others are northern
TARIFFS = {METERS[1]: "ToU", NEW: "ToU", METERS[2]: None}  # all others have the standard one
NORTH_C, SOUTH_C = 2.0, 7.0
DAYS = 50
INFO = DatasetInfo("ours", 60, "Europe/Berlin", "DE", "-", "-")
MARKS = ["degraded", "history_days", "degraded_reason"]
QUANTILES = ["kwh_p05", "kwh_p50", "kwh_p95"]


@dataclass(frozen=True)
class World:
    """A home with a dataset, a filled feature store and a bundle."""

    home: Home
    dataset: Path
    bundle: Path


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    root = tmp_path_factory.mktemp("batch")
    home = Home(root / "home")
    stamps = pd.date_range("2024-03-03 23:00", periods=DAYS * 24, freq="h", tz="UTC", unit="us")
    kwh = np.random.default_rng(0).gamma(4, 0.1, (len(METERS), len(stamps))).astype(np.float32)
    times = stamps.append([stamps] * (len(METERS) - 1))
    readings = pd.DataFrame({"meter_id": np.repeat(METERS, len(stamps)), "timestamp": times, "kwh": kwh.ravel()})
    late, gap = stamps[9 * 24], stamps[-60]
    too_short = (readings["meter_id"] == REJECTED) & (readings["timestamp"] >= late)
    begin = readings["meter_id"].map({meter: stamps[hour] for meter, hour in FIRST_HOUR.items()})
    too_short |= readings["timestamp"] < begin
    readings = readings[~too_short & ~((readings["meter_id"] == GAPPY) & (readings["timestamp"] == gap))]
    stations = [STATIONS.get(meter, "north") for meter in METERS]
    meters = pd.DataFrame({"meter_id": METERS, "group": METERS, "district": "x", "station_id": stations})
    meters["tariff"] = [TARIFFS.get(meter, "Std") for meter in METERS]
    dataset = home.datasets / "ours"
    write_dataset(Dataset(INFO, readings.reset_index(drop=True), meters, _weather(stamps)), dataset)
    values = default_config().model_dump()
    values["feature_engineering"]["lookback_window"] = LENGTH
    values["training"]["consumption_forecasting"]["sequence_length"] = LENGTH
    config = MetrifyConfig.model_validate(values)
    validate_readings(dataset, root / "verdicts", config, home)
    materialise_features(dataset, root / "verdicts", root / "materialised", config, home)
    return World(home, dataset, write_tiny_bundle(home, PROFILE))


def _weather(stamps: pd.DatetimeIndex) -> pd.DataFrame:
    """What was observed; and forecasts: in the north of the day before the last midnight, in the south three days old.

    In the north a later forecast is much warmer.
    """
    frames = []
    end = stamps[-1]  # a midnight in local time
    for station, celsius, hours_old in (("north", NORTH_C, 6), ("south", SOUTH_C, 72), ("north", 99.0, -1)):
        ahead = pd.date_range(end, periods=DAY, freq="h", unit="us")
        issued = end - pd.Timedelta(hours=hours_old)
        parts = ((stamps, pd.NaT),) * (hours_old > 0) + ((ahead, issued),)
        frames += [
            pd.DataFrame({"station_id": station, "timestamp": at, "issued_at": time, "temperature_c": celsius})
            for at, time in parts
        ]
    weather = pd.concat(frames, ignore_index=True)
    weather["global_radiation_w_per_m2"] = np.float32(0)  # which the model does not read, so it may be missing
    weather.loc[weather["issued_at"].notna(), "global_radiation_w_per_m2"] = np.nan
    weather["issued_at"] = pd.to_datetime(weather["issued_at"], utc=True).dt.as_unit("us")
    return weather.astype({"temperature_c": np.float32})


@pytest.fixture(scope="module")
def whole(world: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Forecasts and refusals of one shard, merged."""
    return score(world, tmp_path_factory.mktemp("whole"), 1)


def score(world: World, folder: Path, shards: int, origins: tuple[str, ...] = ()) -> tuple[Path, Path]:
    parts = []
    for number, shard in enumerate(shard_names(shards)):
        parts.append((folder / f"{number}.parquet", folder / f"{number}.refused.parquet"))
        score_meters(world.dataset, world.bundle, *parts[-1], origins, shard, home=world.home)
    merged = folder / "merged.parquet", folder / "merged.refused.parquet"
    merge_forecasts(*zip(*parts, strict=True), *merged)
    return merged


def stored_windows(world: World) -> pd.DataFrame:
    return pd.read_parquet(world.home.feature_store / WINDOWS_FILE)


def test_each_forecast_is_that_of_the_meters_newest_window(world: World, whole: tuple[Path, Path]) -> None:
    forecasts = pd.read_parquet(whole[0])
    newest = stored_windows(world).sort_values("window_end").groupby("meter_id").tail(1).set_index("meter_id")
    assert sorted(forecasts["meter_id"].unique()) == [meter for meter in METERS if meter not in REFUSED]
    for meter, rows in forecasts.groupby("meter_id"):
        window = newest.loc[meter].copy()
        if meter == GAPPY:
            window["load_window"] = _without_gap(window["load_window"])
        origin = pd.Timestamp(window["window_end"], unit="s", tz="UTC")
        assert rows["interval"].tolist() == list(range(DAY))
        assert (rows["origin"] == origin).all()
        is_rest_day = origin.tz_convert("Europe/Berlin").dayofweek >= 5
        np.testing.assert_array_equal(rows[QUANTILES], expected_quantiles(window["load_window"], is_rest_day))
    assert set(forecasts["model_version"]) == {"tiny-1"}
    assert set(forecasts["data_version"]) == {0}


def _without_gap(window: np.ndarray) -> np.ndarray:
    """The window with the one reading that it lacks: the mean of the same hour on the other days."""
    (gap,) = np.flatnonzero(np.isnan(window))
    filled = window.copy()
    filled[gap] = np.nanmean(window[gap % DAY :: DAY], dtype=np.float64)
    return filled


def test_forecasts_of_new_meters_and_of_those_with_gaps_are_marked(whole: tuple[Path, Path]) -> None:
    marks = pd.read_parquet(whole[0]).groupby("meter_id")[MARKS].agg(["min", "max"])
    assert marks.loc[NEW].tolist() == [True, True, 3.0, 3.0, "3 days of history", "3 days of history"]
    filled = "1 of 168 readings were filled"
    assert marks.loc[GAPPY].tolist() == [True, True, 7.0, 7.0, filled, filled]
    assert (marks.drop([NEW, GAPPY]) == [False, False, 7.0, 7.0, "", ""]).all(axis=None)


def test_a_bundle_without_a_profile_takes_no_new_meters(world: World, tmp_path: Path) -> None:
    world = dataclasses.replace(world, bundle=write_tiny_bundle(world.home, version="t-1"))
    forecasts, refused = (pd.read_parquet(path) for path in score(world, tmp_path, 1))
    assert set(forecasts.loc[forecasts["degraded"], "meter_id"]) == {GAPPY}
    reasons = refused.set_index("meter_id")["reason"]
    assert reasons[NEW] == "insufficient history: 96 of 168 readings are missing"


def test_who_can_t_be_forecast_is_listed_with_the_reason(whole: tuple[Path, Path]) -> None:
    refused = pd.read_parquet(whole[1]).set_index("meter_id")
    assert sorted(refused.index) == REFUSED
    assert refused.loc[YOUNG, "reason"] == "insufficient history: 2 readings up to the origin, at least 24 are needed"
    assert "no window" in refused.loc[REJECTED, "reason"]
    assert pd.isna(refused.loc[REJECTED, "origin"])


@pytest.mark.parametrize("shards", [2, 5, 30])
def test_shards_give_the_same_files_as_one(world: World, whole: tuple[Path, Path], tmp_path: Path, shards: int) -> None:
    merged = score(world, tmp_path, shards)
    assert [path.read_bytes() for path in merged] == [path.read_bytes() for path in whole]


def test_several_origins(world: World, tmp_path: Path) -> None:
    origins = ("2024-04-06T00:00:00+02:00", "2024-04-07T22:00:00Z")  # a Saturday and a Monday, in local time
    forecasts, refused = (pd.read_parquet(path) for path in score(world, tmp_path, 2, origins))
    assert len(forecasts) == (len(METERS) - 3) * 2 * DAY  # the gap lies later
    assert refused["meter_id"].tolist() == [REJECTED, NEW, NEW, YOUNG, YOUNG]
    reasons = refused.set_index("meter_id")["reason"]
    assert set(reasons[NEW]) == {"insufficient history: 0 readings up to the origin, at least 24 are needed"}
    windows = stored_windows(world).set_index(["meter_id", "event_timestamp"])["load_window"]
    rest = {pd.Timestamp(origin).tz_convert("UTC"): number == 0 for number, origin in enumerate(origins)}
    for (meter, origin), rows in forecasts.groupby(["meter_id", "origin"]):
        expected = expected_quantiles(windows.loc[(meter, origin)], rest[origin])
        np.testing.assert_array_equal(rows[QUANTILES], expected)


def test_windows_that_were_put_in_later_are_found(world: World, tmp_path: Path) -> None:
    """A backfill leaves corrected windows at the end of the file, out of order."""
    home = Home(tmp_path / "home")
    world = dataclasses.replace(world, home=home, bundle=write_tiny_bundle(home))
    (tmp_path / "home" / "feature_store").mkdir()
    ends = pd.DatetimeIndex(["2024-03-20 23:00", "2024-03-21 23:00"], tz="UTC")
    loads = np.arange(3 * 2 * LENGTH, dtype=np.float32).reshape(6, LENGTH)
    ids, stamps = np.repeat(METERS[:3], 2), pd.DatetimeIndex(np.tile(ends.tz_localize(None), 3), tz="UTC")
    path = home.feature_store / WINDOWS_FILE
    pq.write_table(windows_table(ids, stamps, loads, 1), path, row_group_size=2)
    corrected = windows_table(np.array(METERS[:1]), ends[1:], loads[:1] + 1_000, 2)
    replace_offline_windows(home, corrected, np.array(METERS[:3]), ends)
    _note_place(home, Home(world.dataset.parents[1]))
    forecasts = pd.read_parquet(score(world, tmp_path, 2)[0]).groupby("meter_id")
    first, second = (forecasts.get_group(meter) for meter in METERS[:2])
    np.testing.assert_array_equal(first["kwh_p50"], loads[0, -DAY:] + 1_000)
    assert set(first["data_version"]) == {2}
    np.testing.assert_array_equal(second["kwh_p50"], loads[3, -DAY:])
    assert set(second["data_version"]) == {1}


def test_short_windows_and_missing_ones_are_refused(world: World, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    world = dataclasses.replace(world, home=home, bundle=write_tiny_bundle(home))
    (tmp_path / "home" / "feature_store").mkdir()
    end = pd.DatetimeIndex(["2024-03-20 23:00"], tz="UTC")
    tables = [
        windows_table(np.array(METERS[:1]), end, np.ones((1, LENGTH - 2), np.float32)),
        windows_table(np.array(METERS[1:2]), end, np.ones((1, LENGTH + 5), np.float32)),
        windows_table(np.array(METERS[2:3]), end + pd.Timedelta(days=1), np.ones((1, LENGTH), np.float32)),
    ]
    pq.write_table(pa.concat_tables(tables), home.feature_store / WINDOWS_FILE)
    _note_place(home, Home(world.dataset.parents[1]))
    forecasts, refused = (pd.read_parquet(path) for path in score(world, tmp_path, 2, ("2024-03-20T23:00Z",)))
    assert set(forecasts["meter_id"]) == {METERS[1]}
    reasons = refused.set_index("meter_id")["reason"]
    assert reasons[METERS[0]] == "insufficient history: 2 of 168 readings are missing"
    assert reasons[METERS[2]] == "no window ends at the origin"
    assert len(refused) == len(METERS) - 1


def test_a_meter_that_is_given_twice_is_refused(whole: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=f"{METERS[0]} is in two files"):
        merge_forecasts([whole[0]] * 2, [whole[1]] * 2, tmp_path / "merged", tmp_path / "refused")


def test_a_model_that_reads_the_weather_gets_what_was_known_at_the_origin(
    world: World, whole: tuple[Path, Path], tmp_path: Path
) -> None:
    bundle = write_tiny_bundle(world.home, PROFILE, with_weather=True, version="t-weather")
    forecasts = pd.read_parquet(score(dataclasses.replace(world, bundle=bundle), tmp_path, 2)[0]).groupby("meter_id")
    without = pd.read_parquet(whole[0]).groupby("meter_id")
    known = {
        LONELY: (0.0, "the meter's weather station is not known"),
        SOUTHERN: (SOUTH_C, "a weather forecast of 72 hours ago"),
        NEW: (SOUTH_C, "3 days of history, a weather forecast of 72 hours ago"),
        GAPPY: (NORTH_C, "1 of 168 readings were filled"),
    }
    assert known.keys() <= forecasts.groups.keys()
    for meter, rows in forecasts:
        celsius, reason = known.get(meter, (NORTH_C, ""))
        expected = without.get_group(meter)[QUANTILES] * np.float32(1 + celsius / 10)
        np.testing.assert_allclose(rows[QUANTILES], expected, rtol=1e-6)
        assert (rows["degraded"] == bool(reason)).all()
        assert set(rows["degraded_reason"]) == {reason}
        assert set(rows["history_days"]) == {3.0 if meter == NEW else 7.0}


def test_a_model_that_reads_tariffs_gets_what_the_meters_table_says(
    world: World, whole: tuple[Path, Path], tmp_path: Path
) -> None:
    bundle = write_tiny_bundle(world.home, PROFILE, with_tariff=True, version="t-tariff")
    forecasts = pd.read_parquet(score(dataclasses.replace(world, bundle=bundle), tmp_path, 2)[0]).groupby("meter_id")
    without = pd.read_parquet(whole[0]).groupby("meter_id")
    for meter, rows in forecasts:
        plain = without.get_group(meter)
        np.testing.assert_array_equal(rows[QUANTILES], plain[QUANTILES] * (2 if TARIFFS.get(meter) == "ToU" else 1))
        assert rows["degraded_reason"].tolist() == plain["degraded_reason"].tolist()
    assert {METERS[1], NEW, METERS[2]} <= forecasts.groups.keys()


def test_a_model_that_reads_what_the_meters_table_lacks_is_refused(world: World, tmp_path: Path) -> None:
    bundle = write_tiny_bundle(world.home, version="t-dwelling", features=("load_window@2", "static_dwelling@1"))
    with pytest.raises(BundleError, match="meters have no dwelling, which the bundle's features read") as raised:
        score(dataclasses.replace(world, bundle=bundle), tmp_path, 1)
    assert "--meter-column dwelling" in raised.value.mend


def test_a_model_that_reads_the_weather_is_refused_without_it(world: World, tmp_path: Path) -> None:
    bundle = write_tiny_bundle(world.home, with_weather=True, version="t-none")
    dataset = tmp_path / "ours"
    shutil.copytree(world.dataset, dataset)
    (dataset / WEATHER_FILE).unlink()
    with pytest.raises(BundleError, match="observed_temperature@1") as raised:
        score(dataclasses.replace(world, bundle=bundle, dataset=dataset), tmp_path, 1)
    assert "--weather" in raised.value.mend


@pytest.mark.parametrize(("origin", "problem"), [("soon", "is no time"), ("2024-04-01T00:00Z", "No window")])
def test_an_origin_that_no_window_ends_at_is_refused(world: World, tmp_path: Path, origin: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        score(world, tmp_path, 1, (origin,))


def test_a_shorter_horizon_is_the_beginning_and_a_longer_one_is_refused(
    world: World, whole: tuple[Path, Path], tmp_path: Path
) -> None:
    outputs = tmp_path / "forecasts", tmp_path / "refused"
    score_meters(world.dataset, world.bundle, *outputs, horizon=5, home=world.home)
    keys = ["meter_id", "interval"]
    expected, short = (pd.read_parquet(path).sort_values(keys, ignore_index=True) for path in (whole[0], outputs[0]))
    pd.testing.assert_frame_equal(short, expected[expected["interval"] < 5].reset_index(drop=True))
    with pytest.raises(InvalidRequestError, match="25 intervals is asked for, and tiny-1 forecasts 1 to 24"):
        score_meters(world.dataset, world.bundle, *outputs, horizon=25, home=world.home)


def test_a_store_of_another_dataset_is_refused(world: World, tmp_path: Path) -> None:
    dataset = tmp_path / "theirs"
    dataset.mkdir()
    write_info(dataset, dataclasses.replace(read_info(world.dataset), name="theirs"))
    with pytest.raises(FeatureStoreError, match="windows of ours, not of theirs"):
        score(dataclasses.replace(world, dataset=dataset), tmp_path, 1)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"version": "t-2", "timezone": "Europe/London"}, "Europe/London"),
        ({"version": "t-4", "resolution_minutes": 30}, "intervals of 30 minutes .* store holds 60 minutes"),
        ({"version": "t-3", "features": ("load_window@2", "feeder_loading@1")}, "feeder_loading@1"),
    ],
)
def test_a_bundle_that_does_not_fit_is_refused(world: World, tmp_path: Path, changes: dict, problem: str) -> None:
    bundle = write_tiny_bundle(world.home, **changes)
    with pytest.raises(BundleError, match=problem):
        score(dataclasses.replace(world, bundle=bundle), tmp_path, 1)


def test_the_compiled_pipeline_gives_the_same_files(
    world: World, whole: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(world.home.root))
    told: list[str] = []
    arguments = {
        "source": "ours",
        "bundle": str(world.bundle),
        "origins": [],
        "code_version": "test",
        "shards": shard_names(3),
    }
    run = run_local("batch_forecast", arguments, world.home, on_progress=told.append)
    for name, expected in zip(("merged", "merged_refused"), whole, strict=True):
        assert run.output("merge-forecasts", name).read_bytes() == expected.read_bytes()
    assert any("windows" in line and "left" in line for line in told)


def test_the_command(world: World, whole: tuple[Path, Path], tmp_path: Path) -> None:
    environment = {**os.environ, HOME_VARIABLE: str(world.home.root)}
    arguments = ["batch-forecast", "--dataset", "ours", "--bundle", str(world.bundle), "--json"]
    command = [sys.executable, "-m", "metrify", *arguments, "--output", str(tmp_path / "tomorrow.parquet")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert (figures["forecasts"], figures["degraded"], figures["refused"]) == (len(METERS) - 2, 2, 2)
    assert (tmp_path / "tomorrow.parquet").read_bytes() == whole[0].read_bytes()
    assert (tmp_path / "tomorrow.refused.parquet").read_bytes() == whole[1].read_bytes()
    assert not list(world.home.runs.glob("batch_forecast-*/scratch"))


def test_quantile_levels_are_columns(whole: tuple[Path, Path]) -> None:
    names = pq.read_schema(whole[0]).names
    assert names == [
        "meter_id",
        "origin",
        "interval",
        *QUANTILES,
        "model_version",
        "data_version",
        *MARKS,
    ]
    assert len(LEVELS) == len(QUANTILES)


def _note_place(home: Home, like: Home) -> None:
    """Gives a store the note of another one."""
    name = "materialised_readings.parquet"
    (home.feature_store / name).write_bytes((like.feature_store / name).read_bytes())


@pytest.mark.parametrize("shards", [2, 7])
def test_many_forecasts_merge_to_the_same_bytes(tmp_path: Path, shards: int) -> None:
    """Enough of them that the borders of the file's pages could tell how they were divided."""
    meters = np.array([f"m_{number:04d}" for number in np.random.default_rng(0).permutation(900)])
    quantiles = np.random.default_rng(1).random((900, DAY, 3), dtype=np.float32)
    origins = np.full(900, np.datetime64("2024-03-20T23:00", "s"))

    def merge(folder: Path, parts: list[np.ndarray]) -> bytes:
        folder.mkdir()
        files = [folder / str(number) for number in range(len(parts))]
        for path, rows in zip(files, parts, strict=True):
            names = pa.array(meters[rows], pa.string())
            versions, days = np.zeros(len(rows), int), np.float32(rows % 28)
            marks = judge_rows(np.where(rows % 7 == 0, "new", ""), days, [""] * len(rows))
            table = forecast_table(names, origins[rows], quantiles[rows], LEVELS, "one", versions, marks)
            pq.write_table(table, path, row_group_size=100 * DAY)
            pq.write_table(REFUSED_SCHEMA.empty_table(), f"{path}.refused")
        refused = [Path(f"{path}.refused") for path in files]
        merge_forecasts(files, refused, folder / "merged", folder / "merged.refused")
        return (folder / "merged").read_bytes()

    rows = np.arange(900)
    divided = merge(tmp_path / "divided", [rows[rows % shards == number] for number in range(shards)])
    assert divided == merge(tmp_path / "whole", [rows])
