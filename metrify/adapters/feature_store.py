"""Feast: loads windows into the online store, retrieves them point-in-time and reads them online."""

import numpy as np
import pandas as pd

from metrify.adapters.feature_repository import STORE_VARIABLE, apply_repository, open_store, redis_errors_told
from metrify.adapters.meter_windows import align_windows
from metrify.adapters.offline_windows import (
    read_offline_windows,
    replace_offline_windows,
    stored_meters,
    windows_table,
    write_offline_windows,
)
from metrify.adapters.window_push import PUSH_SOURCE, push_windows
from metrify.config import Home
from metrify.errors import FeatureStoreError

__all__ = [
    "FEATURES",
    "PUSH_SOURCE",
    "STORE_VARIABLE",
    "OnlineWindowReader",
    "apply_repository",
    "materialise_online",
    "open_store",
    "push_windows",
    "read_offline_windows",
    "replace_offline_windows",
    "retrieve_windows",
    "stored_meters",
    "windows_table",
    "write_offline_windows",
]

FEATURES = ["meter_load:load_window", "meter_load:window_end"]


def materialise_online(home: Home, until: pd.Timestamp) -> None:
    """Loads each meter's newest window that ends at `until` or in the day before it.

    Raises:
        FeatureStoreError: Nothing was materialised there yet, or the online store does not answer.
    """
    store = open_store(home)
    with redis_errors_told():
        store.materialize(
            start_date=(until - pd.Timedelta(days=1)).to_pydatetime(),
            end_date=until.to_pydatetime(),
            feature_views=["meter_load"],
        )


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

        Raises:
            FeatureStoreError: The online store does not answer.
        """
        if not meter_ids:
            return np.empty((0, 0), np.float32), np.empty(0, "datetime64[s]")
        rows = [{"meter_id": meter_id} for meter_id in meter_ids]
        with redis_errors_told():
            answer = self._store.get_online_features(features=FEATURES, entity_rows=rows).to_dict()
        ends = np.array(
            [np.datetime64("NaT") if end is None else np.datetime64(end, "s") for end in answer["window_end"]],
            dtype="datetime64[s]",
        )
        return align_windows(answer["load_window"]), ends
