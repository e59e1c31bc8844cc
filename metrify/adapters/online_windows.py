"""The newest windows of meters, read from Redis for a server."""

from collections.abc import Mapping

import numpy as np

from metrify.adapters.feature_cache import FeatureCache
from metrify.adapters.feature_layout import StoredRow, registered_layout
from metrify.adapters.feature_repository import open_window_store
from metrify.adapters.meter_windows import MeterWindows, align_windows
from metrify.adapters.reader_metrics import ReaderMetrics
from metrify.adapters.redis_address import RedisAddress
from metrify.adapters.redis_connections import RedisConnections
from metrify.adapters.redis_features import RedisFeatureReader
from metrify.adapters.static_records import STATIC_FEATURES, read_record
from metrify.config import Home

_WINDOW, _END, _VERSION = "meter_load:load_window", "meter_load:window_end", "meter_load:data_version"
_STATION = "meter_station:station_id"
_METERS_A_READ = 100  # 0.3 MB of windows of 672 readings: well within the deadline of one read


class RedisWindowReader:
    """Reads the newest windows from Redis. Use it from one event loop.

    A window is not judged by its view's TTL: who asks for it judges the origin, which is in the answer.

    Args:
        home: Where the registry lies.
        address: Of the Redis that METRIFY_REDIS_URL names.
        cache: Windows that need no read; none without it.
        metrics: Where to count; nowhere without it.
        with_stations: Whether the meters' weather stations are read, too, in the same round trip.
        with_static: Whether what else is known of the meters is, likewise.

    Raises:
        FeatureStoreError: Nothing was materialised yet, or by another version of Metrify.
    """

    def __init__(
        self,
        home: Home,
        address: RedisAddress,
        cache: FeatureCache[StoredRow] | None = None,
        metrics: ReaderMetrics | None = None,
        with_stations: bool = False,
        with_static: bool = False,
    ) -> None:
        features = [_WINDOW, _END, _VERSION, *([_STATION] if with_stations else [])]
        features += STATIC_FEATURES if with_static else []
        self._with_static = with_static
        layout = registered_layout(open_window_store(home, with_stations, with_static), features, keep_ttl=False)
        self._reader = RedisFeatureReader(layout, RedisConnections(address), cache=cache, metrics=metrics)

    async def read(self, meter_ids: list[str]) -> MeterWindows:
        """The newest windows of meters.

        Many meters take several reads, each with its own deadline; after one that fails the rest is not tried.

        Args:
            meter_ids: `[N]` pseudonyms.
        """
        windows: list[np.ndarray | None] = [None] * len(meter_ids)
        ends = np.full(len(meter_ids), np.datetime64("NaT"), "datetime64[s]")
        versions = np.zeros(len(meter_ids), np.int64)
        unavailable = np.zeros(len(meter_ids), bool)
        stations: list[str | None] = [None] * len(meter_ids)
        static: list[Mapping[str, str] | None] = [None] * len(meter_ids)
        reason = ""
        for first in range(0, len(meter_ids), _METERS_A_READ):
            part = slice(first, first + _METERS_A_READ)
            answer = await self._reader.read(meter_ids[part])
            windows[part] = answer.objects[_WINDOW]  # type: ignore[assignment]
            stations[part] = answer.objects.get(_STATION, stations[part])  # type: ignore[assignment]
            if self._with_static:
                static[part] = map(read_record, *(answer.objects[name] for name in STATIC_FEATURES))
            seconds = answer.numbers[:, answer.features.index(_END)]
            known = np.isfinite(seconds)
            ends[part][known] = seconds[known].astype(np.int64).astype("datetime64[s]")
            versions[part] = np.nan_to_num(answer.numbers[:, answer.features.index(_VERSION)])
            unavailable[part] = answer.unavailable
            if answer.unreadable:
                reason = "a stored value can't be read"
            if answer.reason:
                unavailable[part.stop :] = True
                reason = answer.reason
                break
        beside = tuple(stations), tuple(static)
        return MeterWindows(align_windows(windows), ends, versions, unavailable, reason, *beside)

    async def close(self) -> None:
        """Ends the connections."""
        await self._reader.close()
