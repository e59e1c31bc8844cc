"""Where the transformer finds each meter's recent window."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd

from inference_services.executor import BoundedExecutor
from metrify.adapters.feature_cache import FeatureCache
from metrify.adapters.feature_layout import StoredRow
from metrify.adapters.materialised_readings import is_materialised, read_place
from metrify.adapters.meter_windows import MeterWindows
from metrify.adapters.online_windows import RedisWindowReader
from metrify.adapters.place_check import require_same_place, require_whole_windows
from metrify.adapters.reader_metrics import ReaderMetrics
from metrify.adapters.redis_address import REDIS_VARIABLE, RedisAddress
from metrify.bundles.manifest import BundleManifest
from metrify.config import Home
from metrify.errors import FeatureStoreError, UsageError

_PARQUET = "parquet:"
_MAX_PENDING = 256
_CACHE_ENTRIES = 20_000  # 54 MB of windows of 672 readings


class WindowReader(Protocol):
    """Reads windows from the online store."""

    async def read(self, meter_ids: list[str]) -> MeterWindows:
        """The newest windows of meters.

        Args:
            meter_ids: `[N]` pseudonyms.
        """


class BlockingWindowReader:
    """Reads in one thread, off the event loop.

    Args:
        read: From `[N]` pseudonyms to their windows.
    """

    def __init__(self, read: Callable[[list[str]], MeterWindows]) -> None:
        self._read = read
        self._executor = BoundedExecutor(1, _MAX_PENDING, "windows")  # SQLite is read by one thread

    async def read(self, meter_ids: list[str]) -> MeterWindows:
        """See `WindowReader`.

        Raises:
            ServiceError: Too many reads are waiting.
        """
        return await self._executor.run(self._read, meter_ids)


class ParquetWindowReader:
    """Reads windows from a Parquet file with the columns meter_id, window_end and load_window; good for a laptop.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        try:
            frame = pd.read_parquet(path, columns=["meter_id", "window_end", "load_window"])
        except (OSError, ValueError) as error:
            raise FeatureStoreError(f"The windows {path} can't be read.", "Check the path and its columns.") from error
        ends = pd.to_datetime(frame["window_end"], utc=True).dt.tz_localize(None).to_numpy().astype("datetime64[s]")
        self._length = max(map(len, frame["load_window"]), default=0)
        self._rows = dict(zip(frame["meter_id"], zip(ends, frame["load_window"], strict=True), strict=True))

    def read(self, meter_ids: list[str]) -> MeterWindows:
        """Windows of meters; a short window is filled up with NaN at its start."""
        windows = np.full((len(meter_ids), self._length), np.nan, np.float32)
        ends = np.full(len(meter_ids), np.datetime64("NaT"), "datetime64[s]")
        for row, meter_id in enumerate(meter_ids):
            if meter_id in self._rows:
                ends[row], window = self._rows[meter_id]
                windows[row, self._length - len(window) :] = window
        nothing = np.zeros(len(meter_ids))
        return MeterWindows(windows, ends, nothing.astype(np.int64), nothing.astype(bool))


def reads_store(specification: str) -> bool:
    """Whether the reader that `--feature_reader` names also knows the weather, and what a meter's class is."""
    return not specification.startswith(_PARQUET)


def open_reader(
    specification: str, cache_seconds: float = 0, with_stations: bool = False, with_static: bool = False
) -> WindowReader:
    """The reader that `--feature_reader` names: `feast`, `redis` or `parquet:PATH`.

    `feast` reads Redis where METRIFY_REDIS_URL names one, and SQLite otherwise.

    Args:
        specification: The reader.
        cache_seconds: For which a window read from Redis is kept; 0 for not at all.
        with_stations: Whether each meter's weather station is read, too; a file does not tell it.
        with_static: Whether what else is known of each meter is, likewise.

    Raises:
        UsageError: It names no reader, or Redis without an address.
        FeatureStoreError: Nothing was materialised yet, or the file can't be read.
    """
    if specification.startswith(_PARQUET):
        return BlockingWindowReader(ParquetWindowReader(Path(specification.removeprefix(_PARQUET))).read)
    if specification not in ("feast", "redis"):
        raise UsageError(f"There is no feature reader {specification}.", "Use feast, redis or parquet:PATH.")
    home, address = Home.from_environment(), RedisAddress.from_environment()
    if address is not None:
        cache = FeatureCache[StoredRow](_CACHE_ENTRIES, cache_seconds) if cache_seconds > 0 else None
        return RedisWindowReader(home, address, cache, ReaderMetrics(), with_stations, with_static)
    if specification == "redis":
        raise UsageError("The feature reader redis has no address.", f"Set {REDIS_VARIABLE}.")
    from metrify.adapters.feature_store import OnlineWindowReader

    return BlockingWindowReader(OnlineWindowReader(home, with_stations, with_static).read)


def require_fitting_store(specification: str, manifest: BundleManifest) -> pd.Timestamp | None:
    """Checks that the store that `--feature_reader` names was filled with what the bundle reads.

    A Parquet file, and the home of a server that only reads Redis, don't tell; then nothing is checked.

    Returns:
        UTC end of the windows that it was filled with; None where it does not tell.

    Raises:
        BundleError: It holds another resolution, or readings of another place, or fewer than a detector reads.
    """
    home = Home.from_environment()
    if specification.startswith(_PARQUET) or not is_materialised(home):
        return None
    place = read_place(home)
    require_same_place(manifest, place)
    if manifest.task == "anomaly-detection":  # a forecaster's windows are completed
        require_whole_windows(manifest, place)
    return place.online_until
