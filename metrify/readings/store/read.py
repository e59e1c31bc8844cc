"""Reads what a dataset knew at a data version, of some of its meters."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from metrify.errors import DatasetError
from metrify.readings.store.journal import read_journal
from metrify.readings.store.layout import READINGS_TABLE
from metrify.readings.store.versions import CURRENT, VersionedRows, as_of


def newest_data_version(folder: Path) -> int:
    """Number of the newest import of a dataset; 0 where it was not imported and so never changes."""
    return len(read_journal(folder))


def read_readings_as_of(folder: Path, data_version: int, meter_ids: Sequence[str]) -> pd.DataFrame:
    """The readings of some meters that counted at a data version.

    Args:
        folder: Dataset folder.
        data_version: From 1 to the newest one.
        meter_ids: Which meters, as the dataset names them.

    Returns:
        `meter_id`, `timestamp` (UTC), `kwh`, `version` and `arrived` (the data version with which the reading came),
        sorted by meter and time.

    Raises:
        DatasetError: The dataset has no such data version.
    """
    newest = newest_data_version(folder)
    if not 1 <= data_version <= newest:
        raise DatasetError(
            f"The dataset {folder.name} has no data version {data_version}.",
            f"Ask for 1 to {newest}." if newest else "Only imported datasets have data versions.",
        )
    ids = np.array(sorted(set(meter_ids)), dtype=object)
    rows = VersionedRows.join(
        [_read(folder, name, ids) for name in (READINGS_TABLE.current_file, READINGS_TABLE.history_file)]
    )
    known = as_of(rows, data_version)
    return pd.DataFrame(
        {
            "meter_id": ids[known.meter],
            "timestamp": pd.DatetimeIndex(known.time.astype("datetime64[us]"), tz="UTC"),
            "kwh": known.value.astype(np.float32),
            "version": known.version,
            "arrived": known.arrived,
        }
    )


def _read(folder: Path, name: str, meter_ids: np.ndarray) -> VersionedRows:
    rows = pq.read_table(folder / name, filters=[("meter_id", "in", list(meter_ids))])
    meter = np.searchsorted(meter_ids, rows["meter_id"].to_numpy(zero_copy_only=False))
    superseded = rows["superseded"].to_numpy() if "superseded" in rows.column_names else np.full(len(rows), CURRENT)
    return VersionedRows(
        meter.astype(np.int32),
        rows["timestamp"].cast(pa.int64()).to_numpy(),
        rows[READINGS_TABLE.value_column].to_numpy().astype(np.float64),
        rows["version"].to_numpy(),
        rows["arrived"].to_numpy(),
        superseded.astype(np.int32),
    )
