"""What the windows in the feature store were cut from, so that a backfill can tell which of them are others now."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from metrify.adapters.feature_repository import another_version
from metrify.config import Home, MetrifyConfig
from metrify.errors import FeatureStoreError
from metrify.readings.matrix import ReadingsMatrix

_FILE = "materialised_readings.parquet"
_METADATA = b"metrify"
_COLUMNS = {"meter_id", "kwh", "imputed"}
_SECTIONS = {"splits", "quality", "training", "feature_engineering"}  # which readings there are, and their windows


@dataclass(frozen=True)
class MaterialisedReadings:
    """The readings that the windows were cut from.

    Attributes:
        dataset: Name of the dataset.
        data_version: Number of the newest import in it; 0 where it was not imported.
        timezone: IANA name of the meters' local time.
        country: ISO 3166 code whose public holidays count.
        lookback: Intervals of a window.
        online_until: End of the windows in the online store, UTC.
        matrix: Readings `[M, T]`, those that were imputed among them.
        imputed: `[M, T]` which of them were.
        first_import: Digest of the dataset's first import; empty where it was not imported.
        config: How the readings were judged and imputed, and the windows cut. Its other sections are not kept.
    """

    dataset: str
    data_version: int
    timezone: str
    country: str
    lookback: int
    online_until: pd.Timestamp
    matrix: ReadingsMatrix
    imputed: np.ndarray
    first_import: str
    config: MetrifyConfig


@dataclass(frozen=True)
class StoredPlace:
    """Where and how the readings in the windows were measured; see `MaterialisedReadings`."""

    timezone: str
    country: str
    lookback: int
    resolution_minutes: int
    online_until: pd.Timestamp
    dataset: str


def write_materialised(home: Home, materialised: MaterialisedReadings) -> None:
    """Notes what the windows in the feature store of a home were cut from."""
    matrix = materialised.matrix
    meters, intervals = matrix.kwh.shape
    offsets = np.arange(meters + 1, dtype=np.int64) * intervals  # 32 bits end at 2^31 readings
    rows, imputed = (
        pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(np.ascontiguousarray(values).ravel()))
        for values in (matrix.kwh, materialised.imputed)
    )
    note = {
        "dataset": materialised.dataset,
        "data_version": materialised.data_version,
        "timezone": materialised.timezone,
        "country": materialised.country,
        "lookback": materialised.lookback,
        "online_until": materialised.online_until.isoformat(),
        "start": matrix.start.isoformat(),
        "resolution_minutes": matrix.resolution_minutes,
        "first_import": materialised.first_import,
        "config": materialised.config.model_dump(mode="json", include=_SECTIONS),
    }
    table = pa.table({"meter_id": pa.array(matrix.meter_ids, pa.string()), "kwh": rows, "imputed": imputed})
    path = home.feature_store / _FILE
    partial = path.with_name(f".{path.name}")
    pq.write_table(table.replace_schema_metadata({_METADATA: json.dumps(note)}), partial, compression="zstd")
    partial.replace(path)


def read_materialised(home: Home) -> MaterialisedReadings:
    """What the windows in the feature store of a home were cut from.

    Raises:
        FeatureStoreError: Nothing was materialised there yet, or by another version of Metrify.
    """
    table = pq.read_table(_require_file(home))
    if not set(table.column_names) >= _COLUMNS:
        raise another_version()
    note = json.loads(table.schema.metadata[_METADATA])
    first_import, config = _origin(note)
    meters = table["meter_id"].to_numpy(zero_copy_only=False).astype(object)
    kwh, imputed = (
        table[name].combine_chunks().flatten().to_numpy(zero_copy_only=False).reshape(len(meters), -1)
        for name in ("kwh", "imputed")
    )
    matrix = ReadingsMatrix(meters, pd.Timestamp(note["start"]), note["resolution_minutes"], kwh)
    return MaterialisedReadings(
        dataset=note["dataset"],
        data_version=note["data_version"],
        timezone=note["timezone"],
        country=note["country"],
        lookback=note["lookback"],
        online_until=pd.Timestamp(note["online_until"]),
        matrix=matrix,
        imputed=imputed,
        first_import=first_import,
        config=config,
    )


def is_materialised(home: Home) -> bool:
    """Whether windows were materialised in a home."""
    return (home.feature_store / _FILE).is_file()


def read_place(home: Home) -> StoredPlace:
    """The place alone, without the readings.

    Raises:
        FeatureStoreError: Nothing was materialised there yet.
    """
    note = json.loads(pq.read_schema(_require_file(home)).metadata[_METADATA])
    return StoredPlace(
        timezone=note["timezone"],
        country=note["country"],
        lookback=note["lookback"],
        resolution_minutes=note["resolution_minutes"],
        online_until=pd.Timestamp(note["online_until"]),
        dataset=note["dataset"],
    )


def _origin(note: dict[str, Any]) -> tuple[str, MetrifyConfig]:
    try:
        return note["first_import"], MetrifyConfig.model_validate(note["config"])
    except (KeyError, ValidationError) as error:
        raise another_version() from error


def _require_file(home: Home) -> Path:
    if not is_materialised(home):
        raise FeatureStoreError(f"There are no windows in {home.feature_store}.", "Run `metrify train` first.")
    return home.feature_store / _FILE
