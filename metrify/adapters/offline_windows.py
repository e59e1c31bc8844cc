"""The file of windows that Feast joins point-in-time."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from metrify.config import Home
from metrify.errors import FeatureStoreError

WINDOWS_FILE = "load_windows.parquet"
_ROWS_PER_GROUP = 20_000


def windows_table(
    meter_ids: np.ndarray, window_ends: pd.DatetimeIndex, windows: np.ndarray, data_version: int = 0
) -> pa.Table:
    """Windows as Feast's offline rows.

    Args:
        meter_ids: `[N]`.
        window_ends: `[N]` UTC.
        windows: `[N, L]` float32 kWh.
        data_version: Import of the dataset that the readings are of; 0 if it was not imported.
    """
    ends = window_ends.tz_convert("UTC").tz_localize(None)
    lists = pa.FixedSizeListArray.from_arrays(pa.array(windows.ravel()), windows.shape[1])
    return pa.table(
        {
            "meter_id": pa.array(meter_ids, pa.string()),
            "event_timestamp": pa.array(ends.as_unit("us"), pa.timestamp("us")).cast(pa.timestamp("us", "UTC")),
            "load_window": lists.cast(pa.list_(pa.float32())),
            "window_end": pa.array(ends.to_numpy("datetime64[s]").view("int64"), pa.int64()),
            "data_version": pa.array(np.full(len(meter_ids), data_version, np.int64)),
        }
    )


def write_offline_windows(home: Home, tables: list[pa.Table]) -> Path:
    """Replaces the offline windows in one step; returns the file."""
    path = home.feature_store / WINDOWS_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with pq.ParquetWriter(partial, tables[0].schema, compression="zstd", compression_level=1) as writer:
            for table in tables:
                writer.write_table(table)
        return partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def replace_offline_windows(
    home: Home, windows: pa.Table, meter_ids: np.ndarray, origins: pd.DatetimeIndex
) -> tuple[int, int]:
    """Puts new windows in the place of those of the same meter and end, in one step.

    Args:
        home: Where the store lies.
        windows: Offline rows, see `windows_table`.
        meter_ids: Meters whose windows stay; those of others go.
        origins: Ends whose windows stay; those of others go.

    Returns:
        How many of the windows that were there were kept, and how many went without a new one in their place.
    """
    path = home.feature_store / WINDOWS_FILE
    meters, ends = pd.Index(meter_ids), pd.DatetimeIndex(origins).as_unit("us")
    replaced = np.zeros((len(meters), len(ends)), dtype=bool)
    replaced[_places(windows, meters, ends)] = True
    partial, kept, removed = path.with_name(f".{path.name}.{os.getpid()}"), 0, 0
    try:
        with (
            pq.ParquetFile(path) as old,
            pq.ParquetWriter(partial, windows.schema, compression="zstd", compression_level=1) as writer,
        ):
            for number in range(old.num_row_groups):
                rows = old.read_row_group(number).cast(windows.schema)
                meter, end = _places(rows, meters, ends)
                stays = (meter >= 0) & (end >= 0)
                keep = stays & ~replaced[meter, end]
                kept, removed = kept + int(keep.sum()), removed + int((~stays).sum())
                if keep.any():
                    writer.write_table(rows.filter(pa.array(keep)))
            for first in range(0, len(windows), _ROWS_PER_GROUP):
                writer.write_table(windows.slice(first, _ROWS_PER_GROUP))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return kept, removed


def _places(rows: pa.Table, meters: pd.Index, ends: pd.DatetimeIndex) -> tuple[np.ndarray, np.ndarray]:
    stamps = pd.DatetimeIndex(rows["event_timestamp"].to_pandas()).as_unit("us")
    return meters.get_indexer(pd.Index(rows["meter_id"].to_pandas())), ends.get_indexer(stamps)


def read_offline_windows(home: Home, until: pd.Timestamp, days: int) -> pd.DataFrame:
    """Windows that end at some moment or in the days before it.

    Args:
        home: Where the store lies.
        until: UTC.
        days: How many days before.

    Returns:
        `meter_id`, `window_end` (seconds since 1970 UTC) and `load_window`.
    """
    end, first = int(until.timestamp()), int((until - pd.Timedelta(days=days)).timestamp())
    filters = [("window_end", "<=", end), ("window_end", ">=", first)]
    columns = ["meter_id", "window_end", "load_window"]
    return pq.read_table(home.feature_store / WINDOWS_FILE, columns=columns, filters=filters).to_pandas()


def read_windows_ending(home: Home, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """The windows that end at one of some moments.

    Args:
        home: Where the store lies.
        ends: `[E]` datetime64[s] UTC.

    Returns:
        `[N]` meters, `[N]` ends of their windows (datetime64[s] UTC) and their windows (float32 kWh); nothing where
        nothing was materialised.
    """
    if not (home.feature_store / WINDOWS_FILE).is_file():
        return np.empty(0, object), np.empty(0, "datetime64[s]"), []
    columns = ["meter_id", "window_end", "load_window"]
    filters = [("window_end", "in", np.unique(ends).astype(np.int64).tolist())]
    table = pq.read_table(home.feature_store / WINDOWS_FILE, columns=columns, filters=filters)
    meters = table["meter_id"].to_numpy().astype(object)
    found = table["window_end"].to_numpy().astype("datetime64[s]")
    return meters, found, table["load_window"].to_pandas().to_list()


def first_window_ends(home: Home, meters: list[str]) -> dict[str, np.datetime64]:
    """The end of the oldest offline window (datetime64[s] UTC) of each of some meters that has one."""
    path = home.feature_store / WINDOWS_FILE
    if not meters or not path.is_file():
        return {}
    filters = [("meter_id", "in", meters)]
    table = pq.read_table(path, columns=["meter_id", "window_end"], filters=filters).to_pandas()
    firsts = table.groupby("meter_id")["window_end"].min()
    return {str(meter): np.datetime64(int(end), "s") for meter, end in firsts.items()}


def stored_meters(home: Home) -> list[str]:
    """The meters that the offline windows are of, sorted.

    Raises:
        FeatureStoreError: Nothing was materialised there yet.
    """
    path = home.feature_store / WINDOWS_FILE
    if not path.is_file():
        raise FeatureStoreError(f"There are no windows in {home.feature_store}.", "Run `metrify train` first.")
    return sorted(pc.unique(pq.read_table(path, columns=["meter_id"])["meter_id"]).to_pylist())
