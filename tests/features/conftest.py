"""A real feature store, SQLite and DuckDB, filled with three meters over twelve days."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from metrify.adapters import feature_repository, feature_store
from metrify.adapters.feast_import import import_feast
from metrify.adapters.redis_address import REDIS_VARIABLE
from metrify.cli.bench.redis_server import RedisServer
from metrify.config import Home
from metrify.features.windows import cut_windows, local_midnights
from metrify.readings.matrix import ReadingsMatrix

import_feast()  # before the tests import parts of it themselves, which would take four times as long

from .typed_store import Asker, make_typed_store  # noqa: E402
from .utility import Utility, start_utility  # noqa: E402

if TYPE_CHECKING:
    from feast import FeatureStore

LENGTH = 48
METERS = np.array(["m_a", "m_b", "m_c"], dtype=object)
START = pd.Timestamp("2024-03-25", tz="UTC")  # the clocks change on the 31st


@dataclass(frozen=True)
class Store:
    """What the tests know of a store.

    Attributes:
        home: Where it lies.
        origins: `[O]` the local midnights at which windows end.
        windows: `[M, O, L]` what was written.
        online_until: The newest end that was materialised.
    """

    home: Home
    origins: pd.DatetimeIndex
    windows: np.ndarray
    online_until: pd.Timestamp

    def window(self, meter_id: str, origin: pd.Timestamp) -> np.ndarray:
        return self.windows[METERS.tolist().index(meter_id), self.origins.get_loc(origin)]


def fill_store(root: Path) -> Store:
    """Applies the repository, writes all windows offline and materialises all but the last two days."""
    kwh = np.random.default_rng(0).gamma(2, 0.3, (len(METERS), 12 * 24)).astype(np.float32)
    kwh[2, 100] = np.nan
    matrix = ReadingsMatrix(METERS, START, 60, kwh)
    end = matrix.timestamps[-1] + pd.Timedelta(hours=1)
    origins = local_midnights(START + pd.Timedelta(hours=LENGTH), end, "Europe/Berlin")
    store = Store(Home(root), origins, cut_windows(matrix, origins, LENGTH), origins[-3])
    tables = [
        feature_store.windows_table(np.repeat(METERS[row], len(origins)), origins, store.windows[row])
        for row in range(len(METERS))
    ]
    feature_store.write_offline_windows(store.home, tables)
    feature_store.apply_repository(store.home)
    feature_store.materialise_online(store.home, store.online_until)
    return store


@pytest.fixture(scope="session", autouse=True)
def restored_environment() -> Iterator[None]:
    """The adapter names the store's folder in the environment; other tests must not see it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(feature_store.STORE_VARIABLE, "")
        yield


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store that no test changes."""
    return fill_store(tmp_path_factory.mktemp("store"))


@pytest.fixture
def own_store(tmp_path: Path) -> Store:
    """A store of the test's own."""
    return fill_store(tmp_path / "own")


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A Redis that no test pauses or ends."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A Redis of the test's own, which it may pause and end."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def redis_store(tmp_path: Path, own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store of the test's own, whose online store is Redis."""
    monkeypatch.setenv(REDIS_VARIABLE, own_redis.url)
    monkeypatch.setenv(feature_repository.CONNECTION_VARIABLE, "")  # the adapter sets it; other tests must not see it
    return fill_store(tmp_path / "own")


@pytest.fixture(scope="session")
def typed_store(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> "FeatureStore":
    """A store on Redis with a value of each kind."""
    return make_typed_store(tmp_path_factory.mktemp("typed"), redis_server)


@pytest.fixture
def ask(typed_store: "FeatureStore", redis_server: RedisServer) -> Asker:
    """Reads that store, at the time of its values unless the test changes it."""
    return Asker(typed_store, redis_server)


@pytest.fixture
def utility(metrify_home: Path, tmp_path: Path) -> Utility:
    """Six meters over fifty days, in the store; one reading of one meter is missing."""
    return start_utility(Home(metrify_home), tmp_path)
