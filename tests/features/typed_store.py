"""A Feast store on Redis with a value of each kind, and a reader of it at a chosen time."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType
from feast.types import Array, Bool, Float32, Float64, Int32, Int64, String

from metrify.adapters.feature_answer import FeatureAnswer
from metrify.adapters.feature_cache import FeatureCache
from metrify.adapters.feature_layout import StoredRow, registered_layout
from metrify.adapters.reader_metrics import ReaderMetrics
from metrify.adapters.redis_address import RedisAddress
from metrify.adapters.redis_connections import RedisConnections
from metrify.adapters.redis_features import RedisFeatureReader
from metrify.cli.bench.redis_server import RedisServer

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
TYPES = {
    "small": Float32,
    "large": Float64,
    "count": Int64,
    "level": Int32,
    "name": String,
    "flag": Bool,
    "window": Array(Float32),
    "names": Array(String),
}
CELLS = [f"cells:{name}" for name in TYPES]
STATUS = "status:loading"
ROWS = {
    "m_a": {
        "small": 0.1,
        "large": 0.1,
        "count": -(2**40),
        "level": 7,
        "name": "Süd",
        "flag": True,
        "window": [0.0, np.nan, 1.5],
        "names": ["x", ""],
    },
    "m_b": {
        "small": 0.0,
        "large": 1e300,
        "count": 0,
        "level": -1,
        "name": "",
        "flag": False,
        "window": [],
        "names": [],
    },
    "m_null": dict.fromkeys(TYPES) | {"small": 1.0, "count": 5, "level": 5, "flag": True},
}


def frame(rows: dict[str, dict], when: datetime) -> pd.DataFrame:
    stamps = pd.Series([when] * len(rows), dtype="datetime64[us, UTC]")
    table = pd.DataFrame(list(rows.values())).assign(meter_id=list(rows), event_timestamp=stamps)
    return table.astype({"small": "float32"}) if "small" in table else table.astype({"loading": "float32"})


def make_typed_store(folder: Path, redis_server: RedisServer) -> FeatureStore:
    """Views of meters, filled through Feast."""
    address = RedisAddress.from_url(redis_server.url)
    store = FeatureStore(
        config=RepoConfig(
            project="typed",
            provider="local",
            registry=str(folder / "registry.db"),
            online_store={"type": "redis", "connection_string": address.feast_connection_string(), "skip_dedup": True},
            offline_store={"type": "duckdb"},
            entity_key_serialization_version=3,
        )
    )
    meter = Entity(name="meter", join_keys=["meter_id"], value_type=ValueType.STRING)
    feeder = Entity(name="feeder", join_keys=["feeder_id"], value_type=ValueType.STRING)
    file = FileSource(name="none", path=str(folder / "none.parquet"), timestamp_field="event_timestamp")
    fields = [Field(name=name, dtype=dtype) for name, dtype in TYPES.items()]
    loading = [Field(name="loading", dtype=Float32)]
    store.apply(
        [
            meter,
            feeder,
            FeatureView(name="cells", entities=[meter], ttl=timedelta(days=2), schema=fields, source=file),
            FeatureView(name="status", entities=[meter], ttl=timedelta(hours=1), schema=loading, source=file),
            FeatureView(name="endless", entities=[meter], ttl=timedelta(0), schema=loading, source=file),
            FeatureView(name="grid", entities=[feeder], ttl=timedelta(0), schema=loading, source=file),
        ]
    )
    store.write_to_online_store("cells", frame(ROWS, NOW))
    for view, when in (("status", NOW), ("endless", NOW - timedelta(minutes=30))):
        store.write_to_online_store(view, frame({"m_a": {"loading": 50.0}}, when))
    return store


class Asker:
    """Reads at a chosen time, each time with an event loop and connections of its own."""

    def __init__(self, store: FeatureStore, server: RedisServer) -> None:
        self.store, self.server = store, server
        self.now = NOW.timestamp()

    def __call__(
        self,
        entities: Sequence[str],
        features: Sequence[str] = CELLS,
        max_age: timedelta | None = None,
        cache: FeatureCache[StoredRow] | None = None,
        metrics: ReaderMetrics | None = None,
    ) -> FeatureAnswer:
        async def ask() -> FeatureAnswer:
            connections = RedisConnections(RedisAddress.from_url(self.server.url))
            reader = RedisFeatureReader(
                registered_layout(self.store, features),
                connections,
                cache=cache,
                metrics=metrics,
                deadline_seconds=20,
                clock=lambda: self.now,
            )
            try:
                return await reader.read(entities, max_age)
            finally:
                await reader.close()

        return asyncio.run(ask())
