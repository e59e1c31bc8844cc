"""A throw-away Feast store with one view of many numbers, to measure readers on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from metrify.adapters.feast_import import import_feast
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
    feast = import_feast()
    store = feast.FeatureStore(
        config=feast.RepoConfig(
            project="bench",
            provider="local",
            registry=str(folder / "wide_registry.db"),
            online_store={"type": "redis", "connection_string": address.feast_connection_string(), "skip_dedup": True},
            offline_store={"type": "duckdb"},
            entity_key_serialization_version=3,
        )
    )
    names = [reference.partition(":")[2] for reference in wide_references(features)]
    meter = feast.Entity(name="meter", join_keys=["meter_id"], value_type=feast.ValueType.STRING)
    view = feast.FeatureView(
        name=_VIEW,
        entities=[meter],
        ttl=timedelta(days=1),
        schema=[feast.Field(name=name, dtype=feast.types.Float32) for name in names],
        source=feast.FileSource(name="wide_file", path=str(folder / "wide.parquet"), timestamp_field="event_timestamp"),
    )
    store.apply([meter, view])
    values = np.random.default_rng(0).gamma(2, 0.3, (len(meters), features)).astype(np.float32)
    now = pd.Series([datetime.now(UTC)] * len(meters), dtype="datetime64[us, UTC]")
    frame = pd.DataFrame(values, columns=names).assign(meter_id=meters, event_timestamp=now)
    store.write_to_online_store(_VIEW, frame)
    return store
