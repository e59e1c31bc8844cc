"""The time stamps of a table as UTC, on the grid of its resolution."""

import numpy as np
import pandas as pd

from metrify.errors import ReadingsError
from metrify.readings.sources.local_time import resolve_local_times
from metrify.readings.sources.table_cells import Stamps, refuse_rows
from metrify.readings.sources.table_source import TableSource

_NONE = np.timedelta64(0)
_ENOUGH_PAIRS = 12  # fewer may be apart by chance


def utc_times(source: TableSource, stamps: Stamps, meters: np.ndarray, is_reading: np.ndarray) -> np.ndarray:
    """Stamps as UTC, `[N]` datetime64[ns]; NaT for a row without a reading whose time can't be told.

    Args:
        source: The table.
        stamps: `[N]` as they are written.
        meters: `[N]` integer code of each row's meter.
        is_reading: `[N]` whether the row has a value; one without needs no certain time, for it is left out.

    Raises:
        ReadingsError: A reading's time does not exist, could be either of two, or starts no interval.
    """
    title = source.titles["timestamp"]
    step = np.timedelta64(source.resolution_minutes, "m")
    _refuse_off_grid(source, stamps.local, stamps.local.astype("datetime64[D]"), step, is_reading)
    resolved = resolve_local_times(stamps.local, meters, source.timezone, source.resolution_minutes)
    fixed = "write the offset behind each stamp, or name the fixed zone of a clock that never changes (`Etc/GMT-1`)"
    refuse_rows(
        source.path.name,
        resolved.nonexistent & is_reading,
        f"a stamp in the column {title!r} that clocks in {source.timezone} skipped",
        stamps.local,
        f"Check `--timezone`; {fixed}.",
    )
    refuse_rows(
        source.path.name,
        resolved.ambiguous & is_reading,
        f"a stamp in the column {title!r} that happened twice in {source.timezone} and does not say which",
        stamps.local,
        f"Keep each meter's rows in order and the repeated hour in full, every {source.resolution_minutes} minutes; or "
        f"{fixed}.",
    )
    utc = np.where(np.isnat(stamps.utc), resolved.utc, stamps.utc)
    if is_reading.any():
        midnight = _local_midnight(utc[is_reading].min(), source.timezone)  # forecasts start at local midnights
        _refuse_off_grid(source, utc, midnight, step, is_reading)
        _refuse_finer_resolution(source, utc[is_reading], meters[is_reading], step)
    return utc


def _refuse_finer_resolution(source: TableSource, utc: np.ndarray, meters: np.ndarray, step: np.timedelta64) -> None:
    """Hourly readings also lie on a half-hourly grid, but no two of them would be neighbours."""
    order = np.lexsort((utc, meters))
    apart = np.diff(utc[order])[np.diff(meters[order]) == 0].astype("timedelta64[s]")
    if len(apart) >= _ENOUGH_PAIRS and apart.min() > step:
        minutes = int(apart.min().astype(np.int64)) // 60
        raise ReadingsError(
            f"{source.path.name} has a reading every {minutes} minutes, not every {source.resolution_minutes}.",
            f"Import it with `--resolution {minutes}`.",
        )


def _refuse_off_grid(
    source: TableSource, times: np.ndarray, start: np.ndarray | np.datetime64, step: np.timedelta64, rows: np.ndarray
) -> None:
    with np.errstate(invalid="ignore"):  # NaT has no remainder
        off_grid = ((times - start) % step != _NONE) & rows & ~np.isnat(times)
    fault = f"a stamp in the column {source.titles['timestamp']!r} that starts no interval of "
    fault += f"{source.resolution_minutes} minutes"
    refuse_rows(source.path.name, off_grid, fault, times, "Check `--resolution`, or sum the readings up before.")


def _local_midnight(utc: np.datetime64, timezone: str) -> np.datetime64:
    local = pd.Timestamp(utc, tz="UTC").tz_convert(timezone).tz_localize(None)
    return utc - (local - local.normalize()).to_timedelta64()
