"""An older window never replaces a newer one, on either store; a correction does."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from feast import FeatureStore, FileSource

from feature_repo.entities import meter
from feature_repo.views import meter_load_view
from metrify.adapters import window_push
from metrify.adapters.feature_cache import FeatureCache
from metrify.adapters.feature_repository import REPO_FOLDER, STORE_VARIABLE
from metrify.adapters.feature_store import materialise_online, push_windows
from metrify.adapters.redis_address import REDIS_VARIABLE
from metrify.adapters.window_push import WindowPusher
from metrify.cli.bench.redis_server import RedisServer
from metrify.config import Home
from metrify.errors import FeatureStoreError

from .conftest import LENGTH, METERS, Store, fill_store
from .served_windows import served_windows

HOUR = pd.Timedelta(hours=1)


@pytest.fixture(params=["sqlite", "redis"])
def any_store(request: pytest.FixtureRequest) -> Store:
    return request.getfixturevalue("own_store" if request.param == "sqlite" else "redis_store")


def push(store: Store, ends: dict[str, pd.Timestamp], value: float, **arguments: bool) -> int:
    windows = np.full((len(ends), LENGTH), value, np.float32)
    return push_windows(
        store.home, np.array(list(ends)), pd.DatetimeIndex(list(ends.values()), tz="UTC"), windows, **arguments
    )


def last_readings(store: Store) -> list[float]:
    return served_windows(store.home, METERS.tolist())[0][:, -1].tolist()


def test_older_windows_are_left_out_and_counted(any_store: Store) -> None:
    newest = any_store.online_until
    before = last_readings(any_store)
    left_out = push(any_store, {"m_a": newest - HOUR, "m_b": newest + HOUR, "m_new": newest - HOUR}, 7)
    assert left_out == 1
    assert last_readings(any_store) == [before[0], 7, before[2]]
    assert served_windows(any_store.home, ["m_new"])[0][0, -1] == 7


def test_a_window_of_the_same_end_is_a_correction(any_store: Store) -> None:
    assert push(any_store, {"m_a": any_store.online_until}, 7) == 0
    assert last_readings(any_store)[0] == 7


def test_a_replay_may_go_back_in_time(any_store: Store) -> None:
    assert push(any_store, {"m_a": any_store.online_until - HOUR}, 7, keep_newer=False) == 0
    assert last_readings(any_store)[0] == 7


def test_when_all_are_older_nothing_is_written(any_store: Store) -> None:
    before = last_readings(any_store)
    assert push(any_store, dict.fromkeys(METERS, any_store.online_until - HOUR), 7) == len(METERS)
    assert last_readings(any_store) == before


def test_of_two_windows_of_a_meter_the_newer_one_counts(any_store: Store) -> None:
    ends = pd.DatetimeIndex([any_store.online_until + 2 * HOUR, any_store.online_until + HOUR])
    windows = np.repeat(np.array([[2], [1]], np.float32), LENGTH, axis=1)
    assert push_windows(any_store.home, np.array(["m_a", "m_a"]), ends, windows) == 1
    assert last_readings(any_store)[0] == 2


def test_many_meters_are_pushed_at_once(own_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window_push, "_METERS_A_READ", 2)
    assert push(own_store, dict.fromkeys([*METERS, "m_new"], own_store.online_until + HOUR), 7) == 0
    assert last_readings(own_store) == [7, 7, 7]


def test_no_window_is_no_push(any_store: Store) -> None:
    assert push(any_store, {}, 7) == 0


def test_both_stores_hold_the_same(store: Store, redis_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    redis = served_windows(redis_store.home, [*METERS, "m_unknown"])
    monkeypatch.delenv(REDIS_VARIABLE)
    sqlite = served_windows(store.home, [*METERS, "m_unknown"])
    for one, other in zip(redis, sqlite, strict=True):
        np.testing.assert_array_equal(one, other)


def test_materialising_again_takes_the_store_back(any_store: Store) -> None:
    before = last_readings(any_store)
    push(any_store, {"m_a": any_store.online_until + HOUR}, 7)
    materialise_online(any_store.home, any_store.online_until)
    assert last_readings(any_store) == before


def test_a_push_makes_a_cache_in_this_process_forget(own_store: Store) -> None:
    cache = FeatureCache[int]()
    cache.keep({"m_a": 1, "m_b": 2}, cache.generation)
    end = pd.DatetimeIndex([own_store.online_until + HOUR])
    WindowPusher(own_store.home, cache).push(np.array(["m_a"]), end, np.zeros((1, LENGTH), np.float32))
    assert cache.find(["m_a", "m_b"]) == {"m_b": 2}


def test_a_view_that_takes_no_pushes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path)
    home.feature_store.mkdir()
    monkeypatch.setenv(STORE_VARIABLE, str(home.feature_store))
    file = FileSource(name="file", path=str(tmp_path / "file"), timestamp_field="event_timestamp")
    FeatureStore(repo_path=str(REPO_FOLDER)).apply([meter, meter_load_view(file)])
    with pytest.raises(FeatureStoreError, match="meter_load takes no pushes"):
        WindowPusher(home)


@pytest.mark.parametrize(
    "use",
    [
        lambda store: push(store, {"m_a": store.online_until}, 1),
        lambda store: materialise_online(store.home, store.online_until),
        last_readings,
    ],
)
def test_a_redis_that_is_gone_is_told_without_its_password(
    monkeypatch: pytest.MonkeyPatch, redis_store: Store, own_redis: RedisServer, use: Callable[[Store], object]
) -> None:
    own_redis.kill()
    monkeypatch.setenv(REDIS_VARIABLE, own_redis.url.replace("//", "//:s3cr3t@"))
    with pytest.raises(FeatureStoreError, match="does not answer") as raised:
        use(redis_store)
    assert "s3cr3t" not in str(raised.value)
    assert raised.value.__suppress_context__


def test_a_password_that_is_needed_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with RedisServer(password="a,b'c=1 $HOME") as server:
        monkeypatch.setenv(REDIS_VARIABLE, server.url.replace("//", "//:a%2Cb%27c%3D1%20%24HOME@"))
        monkeypatch.setenv("METRIFY_REDIS_CONNECTION", "")
        store = fill_store(tmp_path / "own")
        assert push(store, {"m_a": store.online_until}, 7) == 0
        assert last_readings(store)[0] == 7
