"""Windows from Redis: rows that are there, unknown meters, and meters that can't be asked for, each by name."""

import asyncio
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
import redis

from inference_services.transformer.forecast.request import ForecastRequest
from inference_services.transformer.forecast.rows import find_rows
from inference_services.transformer.rows import Rows
from inference_services.transformer.windows import BlockingWindowReader, WindowReader, open_reader
from metrify.adapters.feature_repository import CONNECTION_VARIABLE, STORE_VARIABLE, apply_repository
from metrify.adapters.feature_store import push_windows
from metrify.adapters.meter_windows import MeterWindows
from metrify.adapters.online_windows import RedisWindowReader
from metrify.adapters.redis_address import REDIS_VARIABLE, RedisAddress
from metrify.adapters.redis_codec import hash_field
from metrify.cli.bench.redis_server import RedisServer
from metrify.config import Home
from metrify.errors import FeatureStoreError, InsufficientHistoryError, UnknownMeterError, UsageError
from metrify.features.batch import FeatureContext

LENGTH = 24
CONTEXT = FeatureContext(LENGTH, 24, 60, "Europe/Berlin", "DE")
METERS = [f"m_{number:03d}" for number in range(600)]  # more than one read takes
END = pd.Timestamp("2020-03-01", tz="UTC")  # long past the TTL, as a replay is
WINDOWS = np.arange(len(METERS) * LENGTH, dtype=np.float32).reshape(len(METERS), LENGTH)


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer() as running:
        yield running


@pytest.fixture(scope="module")
def home(server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A store on Redis with one window a meter."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ((REDIS_VARIABLE, server.url), (CONNECTION_VARIABLE, ""), (STORE_VARIABLE, "")):
            patch.setenv(name, value)
        home = Home(tmp_path_factory.mktemp("home"))
        apply_repository(home)
        push_windows(home, np.array(METERS), pd.DatetimeIndex([END] * len(METERS)), WINDOWS)
        push_windows(home, np.array(["m_short"]), pd.DatetimeIndex([END]), WINDOWS[:1, :5])
        yield home


def read(home: Home, url: str, *calls: list[str]) -> list[MeterWindows]:
    async def main() -> list[MeterWindows]:
        reader = RedisWindowReader(home, RedisAddress.from_url(url))
        try:
            return [await reader.read(meters) for meters in calls]
        finally:
            await reader.close()

    return asyncio.run(main())


def choose(meters: list[str], found: MeterWindows, partial: bool = False) -> Rows:
    return find_rows(ForecastRequest(meters, None, partial), meters, found, CONTEXT, None)


def test_old_windows_are_read_and_their_origin_told(home: Home, server: RedisServer) -> None:
    found, none = read(home, server.url, METERS[::-1], [])
    np.testing.assert_array_equal(found.windows, WINDOWS[::-1])
    assert found.windows.dtype == np.float32
    assert (found.ends == END.tz_convert(None).to_datetime64()).all()
    assert not found.unavailable.any()
    assert none.windows.shape == (0, 0)


def test_unknown_and_short_meters_are_refused_by_name(home: Home, server: RedisServer) -> None:
    asked = ["m_001", "m_nobody", "m_short"]
    (found,) = read(home, server.url, asked)
    assert np.isnat(found.ends).tolist() == [False, True, False]
    with pytest.raises(UnknownMeterError, match="m_nobody"):
        choose(asked, found)
    rows = choose(asked, found, partial=True)
    assert (rows.meters, rows.refused) == (
        ["m_001"],
        [
            {"meter_id": "m_nobody", "reason": "unknown meter"},
            {"meter_id": "m_short", "reason": "insufficient history: 19 of 24 readings are missing"},
        ],
    )
    with pytest.raises(InsufficientHistoryError, match="m_short"):
        choose(["m_001", "m_short"], read(home, server.url, ["m_001", "m_short"])[0])


def test_meters_that_cannot_be_asked_for_are_503_by_name(home: Home) -> None:
    with RedisServer() as gone:
        url = gone.url
    (found,) = read(home, url, METERS)
    assert found.unavailable.all()
    with pytest.raises(FeatureStoreError, match=r"can't be reached\): m_000, m_001") as raised:
        choose(METERS, found)
    assert raised.value.status_code == 503
    with pytest.raises(FeatureStoreError):
        choose(METERS, found, partial=True)  # nothing is left to answer


def test_a_damaged_window_is_named_and_no_push_goes_over_it(
    home: Home, server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(REDIS_VARIABLE, server.url)
    push_windows(home, np.array(["m_bad"]), pd.DatetimeIndex([END]), WINDOWS[:1])
    with redis.Redis.from_url(server.url) as client:
        (key,) = [key for key in client.scan_iter() if b"m_bad" in key]
        client.hset(key, hash_field("meter_load", "window_end"), b"\x20\xff")
    (found,) = read(home, server.url, ["m_bad", METERS[0]])
    assert found.unavailable.tolist() == [True, False]
    with pytest.raises(FeatureStoreError, match=r"unavailable \(a stored value can't be read\): m_bad"):
        choose(["m_bad", METERS[0]], found)
    with pytest.raises(FeatureStoreError, match="a value that can't be read"):
        push_windows(home, np.array(["m_bad"]), pd.DatetimeIndex([END]), WINDOWS[:1])


def test_partial_answers_what_could_be_had() -> None:
    ends = np.array(["2024-01-01", "NaT"], "datetime64[s]")
    windows = np.vstack([WINDOWS[:1], np.full((1, LENGTH), np.nan, np.float32)])
    found = MeterWindows(windows, ends, np.zeros(2, int), np.array([False, True]), "no answer within 40 ms")
    rows = choose(["m_a", "m_b"], found, partial=True)
    assert rows.meters == ["m_a"]
    assert rows.refused == [{"meter_id": "m_b", "reason": "features unavailable: no answer within 40 ms"}]


def test_an_address_decides_what_feast_means(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METRIFY_HOME", str(home.root))
    monkeypatch.delenv(REDIS_VARIABLE)
    assert isinstance(open_reader("feast"), BlockingWindowReader)
    with pytest.raises(UsageError, match="redis has no address"):
        open_reader("redis")
    with pytest.raises(UsageError, match="no feature reader nonsense"):
        open_reader("nonsense")


def test_a_kept_window_outlives_the_store(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METRIFY_HOME", str(home.root))
    with RedisServer() as server:
        monkeypatch.setenv(REDIS_VARIABLE, server.url)
        push_windows(home, np.array(METERS[:1]), pd.DatetimeIndex([END]), WINDOWS[:1])
        reader: WindowReader = open_reader("redis", cache_seconds=1e6)
        assert isinstance(reader, RedisWindowReader)

        async def main() -> MeterWindows:
            await reader.read(METERS[:1])
            server.kill()
            kept = await reader.read(METERS[:2])
            await reader.close()
            return kept

        found = asyncio.run(main())
    np.testing.assert_array_equal(found.windows[0], WINDOWS[0])
    assert found.unavailable.tolist() == [False, True]
