"""What the windows in the feature store were cut from, so that a backfill can tell which of them are others now."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from metrify.config import Home
from metrify.errors import FeatureStoreError
from metrify.readings.matrix import ReadingsMatrix

_FILE = "materialised_readings.parquet"
_METADATA = b"metrify"


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
    """

    dataset: str
    data_version: int
    timezone: str
    country: str
    lookback: int
    online_until: pd.Timestamp
    matrix: ReadingsMatrix


def write_materialised(home: Home, materialised: MaterialisedReadings) -> None:
    """Notes what the windows in the feature store of a home were cut from."""
    matrix = materialised.matrix
    meters, intervals = matrix.kwh.shape
    rows = pa.ListArray.from_arrays(
        pa.array(np.arange(meters + 1, dtype=np.int32) * intervals), pa.array(np.ascontiguousarray(matrix.kwh).ravel())
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
    }
    table = pa.table({"meter_id": pa.array(matrix.meter_ids, pa.string()), "kwh": rows})
    path = home.feature_store / _FILE
    partial = path.with_name(f".{path.name}")
    pq.write_table(table.replace_schema_metadata({_METADATA: json.dumps(note)}), partial, compression="zstd")
    partial.replace(path)


def read_materialised(home: Home) -> MaterialisedReadings:
    """What the windows in the feature store of a home were cut from.

    Raises:
        FeatureStoreError: Nothing was materialised there yet.
    """
    path: Path = home.feature_store / _FILE
    if not path.is_file():
        raise FeatureStoreError(f"There are no windows in {home.feature_store}.", "Run `metrify train` first.")
    table = pq.read_table(path)
    note = json.loads(table.schema.metadata[_METADATA])
    meters = table["meter_id"].to_numpy(zero_copy_only=False).astype(object)
    kwh = table["kwh"].combine_chunks().flatten().to_numpy(zero_copy_only=False).reshape(len(meters), -1)
    matrix = ReadingsMatrix(meters, pd.Timestamp(note["start"]), note["resolution_minutes"], kwh)
    return MaterialisedReadings(
        dataset=note["dataset"],
        data_version=note["data_version"],
        timezone=note["timezone"],
        country=note["country"],
        lookback=note["lookback"],
        online_until=pd.Timestamp(note["online_until"]),
        matrix=matrix,
    )
