"""Feast: applies the repository, writes windows, retrieves them point-in-time and reads them online."""

import os
import runpy
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from metrify.config import Home
from metrify.errors import FeatureStoreError

if TYPE_CHECKING:
    from feast import FeatureStore

REPO_FOLDER = Path(__file__).resolve().parents[2] / "feature_repo"
WINDOWS_FILE = "load_windows.parquet"
STORE_VARIABLE = "METRIFY_FEATURE_STORE"
PUSH_SOURCE = "load_window_push"
FEATURES = ["meter_load:load_window", "meter_load:window_end"]


def windows_table(meter_ids: np.ndarray, window_ends: pd.DatetimeIndex, windows: np.ndarray) -> pa.Table:
    """Windows as Feast's offline rows.

    Args:
        meter_ids: `[N]`.
        window_ends: `[N]` UTC.
        windows: `[N, L]` float32 kWh.
    """
    ends = window_ends.tz_convert("UTC").tz_localize(None)
    lists = pa.FixedSizeListArray.from_arrays(pa.array(windows.ravel()), windows.shape[1])
    return pa.table(
        {
            "meter_id": pa.array(meter_ids, pa.string()),
            "event_timestamp": pa.array(ends.as_unit("us"), pa.timestamp("us")).cast(pa.timestamp("us", "UTC")),
            "load_window": lists.cast(pa.list_(pa.float32())),
            "window_end": pa.array(ends.to_numpy("datetime64[s]").view("int64"), pa.int64()),
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


def open_store(home: Home) -> "FeatureStore":
    """The feature store of a home.

    Raises:
        FeatureStoreError: Nothing was materialised there yet.
    """
    from feast import FeatureStore

    if not (home.feature_store / "registry.db").exists():
        raise FeatureStoreError(f"There is no feature store in {home.feature_store}.", "Run `metrify train` first.")
    os.environ[STORE_VARIABLE] = str(home.feature_store)  # feature_store.yaml takes its paths from there
    return FeatureStore(repo_path=str(REPO_FOLDER))


def apply_repository(home: Home) -> None:
    """Registers what `feature_repo/definitions.py` declares."""
    from feast import Entity, FeatureService, FeatureStore, FeatureView

    home.feature_store.mkdir(parents=True, exist_ok=True)
    os.environ[STORE_VARIABLE] = str(home.feature_store)  # the definitions take the offline file's path from there
    declared = runpy.run_path(str(REPO_FOLDER / "definitions.py")).values()
    objects = [item for item in declared if isinstance(item, (Entity, FeatureView, FeatureService))]
    FeatureStore(repo_path=str(REPO_FOLDER)).apply(objects)


def materialise_online(home: Home, until: pd.Timestamp) -> None:
    """Loads each meter's newest window that ends at `until` or in the day before it."""
    store = open_store(home)
    store.materialize(
        start_date=(until - pd.Timedelta(days=1)).to_pydatetime(),
        end_date=until.to_pydatetime(),
        feature_views=["meter_load"],
    )


def push_windows(home: Home, meter_ids: np.ndarray, window_ends: pd.DatetimeIndex, windows: np.ndarray) -> None:
    """Pushes the newest windows of meters to the online store."""
    from feast.data_source import PushMode

    frame = windows_table(meter_ids, window_ends, windows).to_pandas()
    open_store(home).push(PUSH_SOURCE, frame, to=PushMode.ONLINE)


def stored_meters(home: Home) -> list[str]:
    """The meters that the offline windows are of, sorted.

    Raises:
        FeatureStoreError: Nothing was materialised there yet.
    """
    path = home.feature_store / WINDOWS_FILE
    if not path.is_file():
        raise FeatureStoreError(f"There are no windows in {home.feature_store}.", "Run `metrify train` first.")
    return sorted(pc.unique(pq.read_table(path, columns=["meter_id"])["meter_id"]).to_pylist())


def retrieve_windows(home: Home, rows: pd.DataFrame) -> pd.DataFrame:
    """Joins each row with the window that was known at its origin.

    Args:
        home: Where the store lies.
        rows: `meter_id` and `origin` (UTC).

    Returns:
        The rows, in their order, with `load_window` (float32 array) and `window_end` (UTC).

    Raises:
        FeatureStoreError: A row has no window that ends at its origin.
    """
    entities = rows[["meter_id"]].assign(event_timestamp=rows["origin"], row=np.arange(len(rows)))
    joined = open_store(home).get_historical_features(entity_df=entities, features=FEATURES).to_df()
    joined = joined.sort_values("row", ignore_index=True)
    ends = pd.to_datetime(joined["window_end"], unit="s", utc=True)
    stale = int((ends != rows["origin"].reset_index(drop=True)).sum())
    if stale:
        raise FeatureStoreError(
            f"{stale} of {len(rows)} rows have no window that ends at their origin.", "Materialise the features again."
        )
    return rows.reset_index(drop=True).assign(load_window=joined["load_window"], window_end=ends)


class OnlineWindowReader:
    """Reads the newest windows of meters from the online store.

    Args:
        home: Where the store lies.
    """

    def __init__(self, home: Home) -> None:
        self._store = open_store(home)

    def read(self, meter_ids: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """The newest window of each meter.

        Returns:
            Windows `[N, L]` float32, aligned at their end and NaN where nothing is stored, and the windows' ends `[N]`
            as datetime64[s] UTC, NaT for an unknown meter.
        """
        answer = self._store.get_online_features(
            features=FEATURES, entity_rows=[{"meter_id": meter_id} for meter_id in meter_ids]
        ).to_dict()
        ends = np.array(
            [np.datetime64("NaT") if end is None else np.datetime64(end, "s") for end in answer["window_end"]],
            dtype="datetime64[s]",
        )
        stored = [[] if window is None else window for window in answer["load_window"]]
        windows = np.full((len(stored), max(map(len, stored), default=0)), np.nan, dtype=np.float32)
        for row, window in zip(windows, stored, strict=True):
            if len(window):
                row[-len(window) :] = window
        return windows, ends
