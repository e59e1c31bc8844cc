"""Feast: loads windows into the online store, retrieves them point-in-time and reads them online."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from metrify.adapters.feature_repository import (
    STORE_VARIABLE,
    apply_repository,
    open_store,
    open_window_store,
    redis_errors_told,
)
from metrify.adapters.meter_windows import MeterWindows, align_windows
from metrify.adapters.offline_windows import (
    first_window_ends,
    read_offline_windows,
    read_windows_ending,
    replace_offline_windows,
    stored_meters,
    windows_table,
    write_offline_windows,
)
from metrify.adapters.static_records import COLUMNS_FIELD, STATIC_FEATURES, VALUES_FIELD, read_record
from metrify.adapters.window_push import PUSH_SOURCE, push_windows
from metrify.config import Home
from metrify.errors import FeatureStoreError

if TYPE_CHECKING:
    from feast import FeatureStore

__all__ = [
    "FEATURES",
    "PUSH_SOURCE",
    "STATION_FEATURE",
    "STORE_VARIABLE",
    "OnlineWindowReader",
    "apply_repository",
    "first_window_ends",
    "materialise_online",
    "materialise_surroundings",
    "open_store",
    "push_windows",
    "read_offline_windows",
    "read_windows_ending",
    "replace_offline_windows",
    "retrieve_windows",
    "stored_meters",
    "windows_table",
    "write_offline_windows",
]

_DAY = timedelta(days=1)
FEATURES = ["meter_load:load_window", "meter_load:window_end", "meter_load:data_version"]
STATION_FEATURE = "meter_station:station_id"
_METERS_A_READ = 10_000  # SQLite refuses statements with too many values


def materialise_online(home: Home, until: pd.Timestamp, surroundings: Collection[str] = ()) -> None:
    """Loads what was known at `until`: each meter's newest window of the day before, and what still counted around.

    Args:
        home: Where the store lies.
        until: UTC.
        surroundings: Views of weather and grid status that have a file.

    Raises:
        FeatureStoreError: Nothing was materialised there yet, or the online store does not answer.
    """
    _materialise(open_store(home), until, {"meter_load": _DAY})
    materialise_surroundings(home, until, surroundings)


def materialise_surroundings(home: Home, until: pd.Timestamp, views: Collection[str]) -> None:
    """Loads of weather and grid status what was known at `until` and still counted.

    Args:
        home: Where the store lies.
        until: UTC.
        views: Views of `metrify.adapters.surroundings_files` that have a file.

    Raises:
        FeatureStoreError: Nothing was materialised there yet, or the online store does not answer.
    """
    store = open_store(home)
    _materialise(store, until, {view: store.get_feature_view(view).ttl for view in views})


def retrieve_windows(home: Home, rows: pd.DataFrame) -> pd.DataFrame:
    """Joins each row with the window that was known at its origin.

    Args:
        home: Where the store lies.
        rows: `meter_id` and `origin` (UTC).

    Returns:
        The rows, in their order, with `load_window` (float32 array), `window_end` (UTC) and `data_version`.

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
    return rows.reset_index(drop=True).assign(
        load_window=joined["load_window"], window_end=ends, data_version=joined["data_version"]
    )


def _materialise(store: "FeatureStore", until: pd.Timestamp, ages: Mapping[str, timedelta]) -> None:
    end = until.to_pydatetime()
    with redis_errors_told():
        for view, age in ages.items():
            store.materialize(start_date=end - age, end_date=end, feature_views=[view])


class OnlineWindowReader:
    """Reads the newest windows of meters from the online store.

    Args:
        home: Where the store lies.
        with_stations: Whether the meters' weather stations are read, too.
        with_static: Whether what else is known of the meters is.

    Raises:
        FeatureStoreError: Nothing was materialised there yet, or by another version of Metrify.
    """

    def __init__(self, home: Home, with_stations: bool = False, with_static: bool = False) -> None:
        self._store = open_window_store(home, with_stations, with_static)
        self._features = [*FEATURES, *([STATION_FEATURE] if with_stations else [])]
        self._features += STATIC_FEATURES if with_static else []

    def read(self, meter_ids: list[str]) -> MeterWindows:
        """The newest window of each meter.

        Raises:
            FeatureStoreError: The online store does not answer.
        """
        answer = self._read(meter_ids)
        windows, ends = _windows_of(answer)
        versions = np.array([version or 0 for version in answer["data_version"]], np.int64)
        stations = tuple(answer.get("station_id", ()))
        static = tuple(map(read_record, answer.get(COLUMNS_FIELD, ()), answer.get(VALUES_FIELD, ())))
        return MeterWindows(align_windows(windows), ends, versions, np.zeros(len(ends), bool), "", stations, static)

    def read_as_stored(self, meter_ids: list[str]) -> tuple[list[list[float] | None], np.ndarray]:
        """The newest window of each meter, in the length in which it is stored.

        Returns:
            `[N]` lists of kWh, None where nothing is stored, and `[N]` ends as `MeterWindows` has them.

        Raises:
            FeatureStoreError: The online store does not answer.
        """
        return _windows_of(self._read(meter_ids))

    def _read(self, meter_ids: list[str]) -> dict[str, list[Any]]:
        """`[N]` values by the name of their field."""
        values: dict[str, list[Any]] = {feature.partition(":")[2]: [] for feature in self._features}
        for first in range(0, len(meter_ids), _METERS_A_READ):
            rows = [{"meter_id": meter_id} for meter_id in meter_ids[first : first + _METERS_A_READ]]
            with redis_errors_told():
                answer = self._store.get_online_features(features=self._features, entity_rows=rows).to_dict()
            for name, found in values.items():
                found += answer[name]
        return values


def _windows_of(answer: Mapping[str, list[Any]]) -> tuple[list[list[float] | None], np.ndarray]:
    """Windows as they are stored, and their ends."""
    ends = [np.datetime64("NaT" if end is None else end, "s") for end in answer["window_end"]]
    return answer["load_window"], np.array(ends, dtype="datetime64[s]")
