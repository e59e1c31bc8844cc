"""Pushes new windows of meters to the online store, and never puts an older one over a newer one."""

from typing import Any

import numpy as np
import pandas as pd

from metrify.adapters.feature_cache import FeatureCache
from metrify.adapters.feature_repository import WINDOW_VIEW, open_window_store, redis_errors_told
from metrify.config import Home
from metrify.errors import FeatureStoreError

PUSH_SOURCE = "load_window_push"
_METERS_A_READ = 10_000  # SQLite refuses statements with too many values


class WindowPusher:
    """Pushes windows through one opened store.

    Feast's own `push` reads every view, source and service of the registry each time, to find out which views a push
    source fills. Here that is looked up once, and a push is Feast's `write_to_online_store` of that view, which still
    checks the view and its columns against the registry.

    Args:
        home: Where the store lies.
        cache: Of readers in this process: what was pushed is forgotten there.

    Raises:
        FeatureStoreError: Nothing was materialised there yet, or by another version of Metrify, or the registered view
            takes no pushes.
    """

    def __init__(self, home: Home, cache: FeatureCache[Any] | None = None) -> None:
        self._store, self._cache = open_window_store(home), cache
        source = self._store.get_feature_view(WINDOW_VIEW).stream_source
        if source is None or source.name != PUSH_SOURCE:
            raise FeatureStoreError(f"The view {WINDOW_VIEW} takes no pushes.", "Apply the feature repository again.")

    def push(
        self,
        meter_ids: np.ndarray,
        window_ends: pd.DatetimeIndex,
        windows: np.ndarray,
        keep_newer: bool = True,
        data_versions: np.ndarray | int = 0,
    ) -> int:
        """Pushes windows to the online store.

        A window of the same end as the stored one is a correction and replaces it. Reading what is stored and writing
        are two steps: two pushers of the same meter must take turns.

        Args:
            meter_ids: `[N]`.
            window_ends: `[N]` UTC.
            windows: `[N, L]` float32 kWh.
            keep_newer: Leave out windows that end before the stored one, or before another one of the same meter here;
                off, a replay can go back in time.
            data_versions: `[N]` or one for all: the import of the dataset that the readings are of; 0 for others.

        Returns:
            How many windows were left out, because there are newer ones.

        Raises:
            FeatureStoreError: The online store does not answer.
        """
        frame = _online_rows(meter_ids, window_ends, windows, data_versions)
        try:
            with redis_errors_told():
                if keep_newer:
                    frame = frame.sort_values("window_end", kind="stable").drop_duplicates("meter_id", keep="last")
                    frame = frame[frame["window_end"] >= self._stored_ends(frame["meter_id"].tolist())]
                if len(frame):
                    self._store.write_to_online_store(WINDOW_VIEW, frame)
        finally:  # a write that failed may have come half through
            if self._cache is not None:
                self._cache.forget(meter_ids)
        return len(meter_ids) - len(frame)

    def _stored_ends(self, meter_ids: list[str]) -> np.ndarray:
        """Ends of the stored windows, `[N]` seconds since 1970; minus infinity where none is stored."""
        ends: list[int | None] = []
        for first in range(0, len(meter_ids), _METERS_A_READ):
            rows = [{"meter_id": meter_id} for meter_id in meter_ids[first : first + _METERS_A_READ]]
            stored = self._store.get_online_features(features=[f"{WINDOW_VIEW}:window_end"], entity_rows=rows)
            ends += stored.to_dict()["window_end"]
        return np.array([-np.inf if end is None else end for end in ends], np.float64)


def push_windows(
    home: Home,
    meter_ids: np.ndarray,
    window_ends: pd.DatetimeIndex,
    windows: np.ndarray,
    keep_newer: bool = True,
    data_versions: np.ndarray | int = 0,
) -> int:
    """Pushes windows of meters once; returns how many were left out. See `WindowPusher.push`."""
    return WindowPusher(home).push(meter_ids, window_ends, windows, keep_newer, data_versions)


def _online_rows(
    meter_ids: np.ndarray, window_ends: pd.DatetimeIndex, windows: np.ndarray, data_versions: np.ndarray | int
) -> pd.DataFrame:
    ends = window_ends.tz_convert("UTC").as_unit("us")
    seconds = ends.tz_localize(None).to_numpy("datetime64[s]").view("int64")
    return pd.DataFrame(
        {
            "meter_id": meter_ids,
            "event_timestamp": ends,
            "load_window": list(windows),
            "window_end": seconds,
            "data_version": np.full(len(meter_ids), data_versions, np.int64),
        }
    )
