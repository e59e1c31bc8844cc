"""A throw-away Feast store with one view of many numbers, to measure readers on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from metrify.adapters.redis_address import RedisAddress

if TYPE_CHECKING:
    from feast import FeatureStore

_VIEW = "wide"


def wide_references(features: int) -> list[str]:
    """The features of the view, as Feast writes them."""
    return [f"{_VIEW}:f{number:02d}" for number in range(features)]


def make_wide_store(folder: Path, address: RedisAddress, meters: list[str], features: int) -> "FeatureStore":
    """Writes random Float32 features of meters to Redis, through Feast.

    Args:
        folder: Where its registry is made.
        address: Of the Redis that is its online store.
        meters: Whose features.
        features: How many each has.
    """
    from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType
    from feast.types import Float32

    store = FeatureStore(
        config=RepoConfig(
            project="bench",
            provider="local",
            registry=str(folder / "wide_registry.db"),
            online_store={"type": "redis", "connection_string": address.feast_connection_string(), "skip_dedup": True},
            offline_store={"type": "duckdb"},
            entity_key_serialization_version=3,
        )
    )
    names = [reference.partition(":")[2] for reference in wide_references(features)]
    meter = Entity(name="meter", join_keys=["meter_id"], value_type=ValueType.STRING)
    view = FeatureView(
        name=_VIEW,
        entities=[meter],
        ttl=timedelta(days=1),
        schema=[Field(name=name, dtype=Float32) for name in names],
        source=FileSource(name="wide_file", path=str(folder / "wide.parquet"), timestamp_field="event_timestamp"),
    )
    store.apply([meter, view])
    values = np.random.default_rng(0).gamma(2, 0.3, (len(meters), features)).astype(np.float32)
    now = pd.Series([datetime.now(UTC)] * len(meters), dtype="datetime64[us, UTC]")
    frame = pd.DataFrame(values, columns=names).assign(meter_id=meters, event_timestamp=now)
    store.write_to_online_store(_VIEW, frame)
    return store
