"""The newest features of meters, pushes of new readings, and the six checks, on a real store of ten weeks."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from metrify.adapters import feature_store
from metrify.adapters.materialised_readings import MaterialisedReadings, read_place, write_materialised
from metrify.cli.bench.redis_server import RedisServer
from metrify.cli.data.features import app
from metrify.cli.data.latest_report import sparkline
from metrify.cli.main import app as metrify
from metrify.config import Home, default_config
from metrify.errors import FeatureStoreError, ReadingsError, UnknownMeterError, UsageError
from metrify.features.windows import cut_windows
from metrify.privacy.pseudonyms import PSEUDONYM_KEY_FILE, load_or_create_key, pseudonymise
from metrify.readings.matrix import ReadingsMatrix
from metrify.steps.feature_check import FeatureCheck
from metrify.steps.find_feature import find_feature
from metrify.steps.latest_features import latest_features, shown_features
from metrify.steps.materialise_features import window_origins
from metrify.steps.push_readings import PushedReadings, push_readings
from metrify.steps.validate_features import validate_features

from .conftest import Store

LENGTH, METERS, DAYS = 8 * 24, 12, 75
START = pd.Timestamp("2024-02-01 23:00", tz="UTC")  # local midnight; the clocks change within
HOUR = pd.Timedelta(hours=1)


@dataclass(frozen=True)
class Filled:
    """A filled home, its meters' numbers and pseudonyms, and what it was filled with."""

    home: Home
    numbers: list[str]
    materialised: MaterialisedReadings

    @property
    def until(self) -> pd.Timestamp:
        return self.materialised.online_until

    @property
    def ids(self) -> np.ndarray:
        return self.materialised.matrix.meter_ids

    def window(self, row: int, end: pd.Timestamp) -> np.ndarray:
        return cut_windows(self.materialised.matrix, pd.DatetimeIndex([end]), LENGTH)[row, 0]

    def push(self, windows: np.ndarray, end: pd.Timestamp | None = None, rows: slice = slice(None)) -> None:
        ids = self.ids[rows]
        feature_store.push_windows(self.home, ids, pd.DatetimeIndex([end or self.until] * len(ids)), windows)

    def checks(self, **arguments: float) -> dict[str, FeatureCheck]:
        checks = validate_features(self.until + 3 * HOUR, self.home, **arguments)
        return {check.name: check for check in checks}

    def readings(self, row: int, begins: list[pd.Timestamp], kwh: list[float]) -> pd.DataFrame:
        stamps = pd.DatetimeIndex(begins).tz_localize(None)
        return pd.DataFrame({"meter_id": self.numbers[row], "timestamp": stamps, "kwh": kwh})


@pytest.fixture
def filled(metrify_home: Path) -> Filled:
    home = Home(metrify_home)
    key = load_or_create_key(home.keys / PSEUDONYM_KEY_FILE)
    numbers = {pseudonymise(number, key): number for number in map(str, range(1000, 1000 + METERS))}
    ids = np.array(sorted(numbers), dtype=object)
    generator, hours = np.random.default_rng(0), np.arange(DAYS * 24)
    size = generator.gamma(2, 0.3, (METERS, 1))
    kwh = size * (1.2 + np.sin(2 * np.pi * hours / 24)) * generator.normal(1, 0.1, (METERS, len(hours)))
    kwh[5, -100] = np.nan  # missing in both stores, so no skew
    matrix = ReadingsMatrix(ids, START, 60, kwh.astype(np.float32))
    origins = window_origins(matrix, LENGTH, "Europe/Berlin")
    windows = cut_windows(matrix, origins, LENGTH)
    feature_store.write_offline_windows(
        home,
        [
            feature_store.windows_table(np.repeat(ids[row], len(origins)), origins, windows[row])
            for row in range(METERS)
        ],
    )
    feature_store.apply_repository(home)
    feature_store.materialise_online(home, origins[-3])
    place = ("Europe/Berlin", "DE", LENGTH)
    materialised = MaterialisedReadings(
        "ours", 1, *place, origins[-3], matrix, np.zeros(matrix.kwh.shape, bool), "", default_config()
    )
    write_materialised(home, materialised)
    return Filled(home, [numbers[meter] for meter in ids], materialised)


def newest(filled: Filled, row: int) -> tuple[np.ndarray, pd.Timestamp]:
    found = latest_features((), [filled.numbers[row]], 24, filled.home)
    return found.newest.windows[0], pd.Timestamp(found.newest.ends[0], tz="UTC")


def push(filled: Filled, readings: pd.DataFrame) -> PushedReadings:
    return push_readings(readings, read_place(filled.home), filled.home)


def test_the_newest_features_are_those_of_the_newest_readings(filled: Filled) -> None:
    features = [find_feature(name) for name in ("lag_24h", "rolling_mean_24h", "origin_hour")]
    found = latest_features(features, [filled.numbers[3], filled.ids[1]], 24, filled.home)
    assert found.meters == [filled.numbers[3], filled.ids[1]]
    window = filled.window(3, filled.until)
    np.testing.assert_array_equal(found.newest.windows[0], window)
    assert found.values["lag_24h@1"][0] == window[-24]
    assert found.values["rolling_mean_24h@1"][0] == pytest.approx(window[-24:].mean(), rel=1e-6)
    assert found.values["origin_hour@1"].tolist() == [0, 0]
    names = [feature.name for feature in shown_features(filled.home)]
    assert names == ["lag_1h", "lag_24h", "lag_168h", "rolling_mean_24h", "rolling_mean_168h"]


def test_what_can_not_be_told_is_refused(filled: Filled) -> None:
    with pytest.raises(UnknownMeterError, match="1 of the meters, for instance 9999"):
        latest_features((), [filled.numbers[0], "9999"], 24, filled.home)
    weather = replace(find_feature("lag_24h"), inputs=("readings", "weather"))
    with pytest.raises(UsageError, match="lag_24h@1 is computed from the readings, weather"):
        latest_features([weather], filled.numbers[:1], 24, filled.home)
    with pytest.raises(FeatureStoreError, match="no feature store"):
        latest_features((), filled.numbers[:1], 24, Home(filled.home.root / "other"))


def test_new_readings_move_the_window_on(filled: Filled) -> None:
    before = filled.window(0, filled.until)
    late = [filled.until + 2 * HOUR, filled.until, filled.until - 5 * HOUR]  # not in order, one missing, one corrected
    pushed = push(filled, filled.readings(0, late, [2, 1, 9]))
    assert pushed == PushedReadings(meters=1, new_meters=0, readings=3, too_old=0)
    window, end = newest(filled, 0)
    assert end == filled.until + 3 * HOUR
    expected = np.concatenate([before[3:], [1, np.nan, 2]]).astype(np.float32)
    expected[-8] = 9
    np.testing.assert_array_equal(window, expected)
    np.testing.assert_array_equal(newest(filled, 1)[0], filled.window(1, filled.until))


def test_a_late_reading_fills_its_gap_and_leaves_the_end(filled: Filled) -> None:
    push(filled, filled.readings(0, [filled.until + 1 * HOUR], [2]))
    push(filled, filled.readings(0, [filled.until], [1]))
    window, end = newest(filled, 0)
    assert (window[-2:].tolist(), end) == ([1, 2], filled.until + 2 * HOUR)


def test_readings_before_the_window_are_left_out_and_counted(filled: Filled) -> None:
    first = filled.until - LENGTH * HOUR
    pushed = push(filled, filled.readings(0, [first - HOUR, first], [5, 6]))
    assert (pushed.readings, pushed.too_old) == (1, 1)
    assert newest(filled, 0)[0][0] == 6
    assert push(filled, filled.readings(1, [first - HOUR], [5])) == PushedReadings(0, 0, 0, 1)


def test_a_gap_longer_than_the_window_leaves_the_new_readings_alone(filled: Filled) -> None:
    push(filled, filled.readings(0, [filled.until + 3 * LENGTH * HOUR], [1]))
    window, _ = newest(filled, 0)
    assert window[-1] == 1
    assert np.isnan(window[:-1]).all()


def test_a_new_meter_has_its_own_readings_alone(filled: Filled) -> None:
    new = filled.readings(0, [filled.until - HOUR, filled.until + 200 * HOUR], [3, 4]).assign(meter_id="77")
    assert push(filled, new) == PushedReadings(meters=1, new_meters=1, readings=1, too_old=1)
    found = latest_features((), ["77"], 24, filled.home)
    assert np.flatnonzero(~np.isnan(found.newest.windows[0])).tolist() == [LENGTH - 1]
    assert found.newest.windows.shape == (1, LENGTH)


@pytest.mark.parametrize(
    ("minutes", "kwh", "part"),
    [([0, 0], [1, 2], "another value"), ([30], [1], "between intervals"), ([], [], "no reading")],
)
def test_readings_that_do_not_fit_are_refused(filled: Filled, minutes: list[int], kwh: list[float], part: str) -> None:
    begins = [filled.until + pd.Timedelta(minutes=minute) for minute in minutes]
    with pytest.raises(ReadingsError, match=part):
        push(filled, filled.readings(0, begins, kwh))
    np.testing.assert_array_equal(newest(filled, 0)[0], filled.window(0, filled.until))


def test_an_unchanged_fleet_passes(filled: Filled) -> None:
    checks = filled.checks()
    assert {name: check.passed for name, check in checks.items()} == dict.fromkeys(
        ("type", "range", "null_share", "freshness", "distribution", "skew"), True
    )
    assert (checks["freshness"].value, checks["freshness"].limit) == (3, 48)
    assert {check.checked for check in checks.values()} == {METERS}


def windows_until(filled: Filled) -> np.ndarray:
    return np.stack([filled.window(row, filled.until) for row in range(METERS)])


def doubled(windows: np.ndarray) -> np.ndarray:
    return 2 * windows


def at_other_hours(windows: np.ndarray) -> np.ndarray:
    return np.roll(windows, 12, axis=1)


def with_gaps(windows: np.ndarray) -> np.ndarray:
    windows[0, :20] = np.nan
    return windows


def in_watt_hours(windows: np.ndarray) -> np.ndarray:
    windows[0] *= 1000
    return windows


def below_zero(windows: np.ndarray) -> np.ndarray:
    windows[0, 7] = -0.01
    return windows


def with_another_reading(windows: np.ndarray) -> np.ndarray:
    windows[0, 7] += 0.01
    return windows


@pytest.mark.parametrize(
    ("change", "failed"),
    [
        (doubled, {"distribution", "skew"}),
        (at_other_hours, {"distribution", "skew"}),
        (with_gaps, {"null_share", "skew"}),
        (in_watt_hours, {"range", "skew"}),
        (below_zero, {"range", "skew"}),
        (with_another_reading, {"skew"}),
    ],
)
def test_a_fault_fails_its_check(filled: Filled, change: Callable, failed: set[str]) -> None:
    filled.push(change(windows_until(filled)))
    checks = filled.checks()
    assert {name for name, check in checks.items() if not check.passed} == failed
    assert all(checks[name].meters for name in failed)


def test_a_meter_that_fed_in_before_may_do_so_again(filled: Filled) -> None:
    kwh = filled.materialised.matrix.kwh.copy()
    kwh[0, 0] = -0.5
    matrix = replace(filled.materialised.matrix, kwh=kwh)
    write_materialised(filled.home, replace(filled.materialised, matrix=matrix))
    filled.push(below_zero(windows_until(filled)))
    assert filled.checks()["range"].passed


def test_meters_that_are_missing_or_of_another_length_are_named(filled: Filled) -> None:
    filled.push(np.ones((1, 5), np.float32), rows=slice(2, 3))
    with_new = np.array([*filled.ids, "m_never"], dtype=object)
    kwh = np.vstack([filled.materialised.matrix.kwh, filled.materialised.matrix.kwh[:1]])
    matrix = replace(filled.materialised.matrix, meter_ids=with_new, kwh=kwh)
    imputed = np.zeros(kwh.shape, bool)
    write_materialised(filled.home, replace(filled.materialised, matrix=matrix, imputed=imputed))
    check = filled.checks()["type"]
    assert (check.value, check.meters, check.passed) == (2, (filled.ids[2], "m_never"), False)


def test_old_windows_and_those_of_the_future_are_named(filled: Filled) -> None:
    filled.push(windows_until(filled)[:1], filled.until + 5 * HOUR, slice(0, 1))
    checks = filled.checks(max_age_hours=2.5)
    assert (checks["freshness"].broken, checks["freshness"].passed) == (METERS - 1, False)
    assert (checks["range"].value, checks["range"].meters) == (1, (filled.ids[0],))


def test_a_pushed_window_is_compared_where_training_has_readings_too(filled: Filled) -> None:
    push(filled, filled.readings(0, [filled.until], [100]))  # news: no window of training has it yet
    assert filled.checks()["skew"].value == 0
    push(filled, filled.readings(0, [filled.until - HOUR], [100]))  # a correction that training does not know
    check = filled.checks()["skew"]
    assert (check.value, check.meters, check.checked) == (1, (filled.ids[0],), METERS)


def test_windows_that_nobody_knows_are_not_judged(filled: Filled) -> None:
    unknown = np.array([f"m_{row}" for row in range(METERS)], dtype=object)
    matrix = replace(filled.materialised.matrix, meter_ids=unknown)
    write_materialised(filled.home, replace(filled.materialised, matrix=matrix))
    checks = filled.checks()
    assert (checks["type"].value, checks["type"].passed) == (METERS, False)
    assert {check.passed for name, check in checks.items() if name != "type"} == {None}


def test_windows_without_a_reading_are_judged_without_a_warning(filled: Filled) -> None:
    filled.push(np.full((METERS, LENGTH), np.nan, np.float32))
    checks = filled.checks()
    assert checks["null_share"].value == 1
    assert (checks["distribution"].checked, checks["distribution"].passed) == (0, None)
    assert checks["skew"].value == METERS * LENGTH - 1  # one is missing in training, too


def test_a_moment_without_a_zone_is_refused(filled: Filled) -> None:
    with pytest.raises(UsageError, match="no time zone"):
        validate_features(pd.Timestamp("2024-04-01"), filled.home)


def test_the_command_shows_what_was_pushed(filled: Filled, tmp_path: Path) -> None:
    number, runner = filled.numbers[0], CliRunner()
    frame = filled.readings(0, [filled.until, filled.until + HOUR], [1.25, 4.5])
    stamps = frame["timestamp"].dt.strftime("%Y-%m-%dT%H:%M+00:00")
    path = tmp_path / "new.csv"
    frame.assign(timestamp=stamps).rename(columns={"meter_id": "MPAN"}).to_csv(path, index=False)
    stored = runner.invoke(app, ["store", "--readings", str(path), "--column", "meter_id=MPAN", "--json"])
    assert stored.exit_code == 0, stored.output
    assert json.loads(stored.stdout)["readings_pushed"] == 2
    shown = runner.invoke(app, ["latest", "--meter", number])
    assert "last reading 4.500 kWh" in shown.stdout
    as_json = runner.invoke(app, ["latest", "--meter", number, "--feature", "lag_1h", "--json"])
    (found,) = json.loads(as_json.stdout)
    assert found["window_end"] == f"{filled.until + 2 * HOUR:%Y-%m-%dT%H:%M:%SZ}"
    assert (len(found["load_window"]), found["load_window"][-2:]) == (LENGTH, [1.25, 4.5])
    assert found["features"] == {"lag_1h@1": 4.5}


def doctor_on_the_store() -> tuple[bool, str]:
    done = CliRunner().invoke(metrify, ["doctor", "--json"])
    (check,) = [check for check in json.loads(done.stdout)["checks"] if check["name"] == "online store"]
    return check["ok"], check["found"]


def test_doctor_says_which_online_store_answers(filled: Filled) -> None:
    ok, found = doctor_on_the_store()
    assert ok
    assert found.startswith(f"SQLite in {filled.home.feature_store}, answers in ")


def test_doctor_asks_redis_where_redis_is_used(
    redis_store: Store, own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METRIFY_HOME", str(redis_store.home.root))
    ok, found = doctor_on_the_store()
    assert ok
    assert found.startswith("Redis at 127.0.0.1:") and " answers in " in found
    own_redis.kill()
    ok, found = doctor_on_the_store()
    assert not ok
    assert "does not answer" in found


def test_a_line_of_bars_has_a_place_for_what_is_missing() -> None:
    assert sparkline(np.array([0, np.nan, 7, 3.4])) == "▁·█▄"
    assert sparkline(np.full(3, np.nan)) == "···"
    assert sparkline(np.ones(2)) == "▁▁"
