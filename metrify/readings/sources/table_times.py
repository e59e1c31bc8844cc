"""The time stamps of a table as UTC, on the grid of its resolution."""

import numpy as np
import pandas as pd

from metrify.errors import ReadingsError
from metrify.readings.sources.local_time import resolve_local_times
from metrify.readings.sources.table_cells import Stamps
from metrify.readings.sources.table_faults import RowFaults
from metrify.readings.sources.table_source import TableSource

_NONE = np.timedelta64(0)
_ENOUGH_PAIRS = 12  # fewer may be apart by chance
_USUAL_MINUTES = (2, 3, 5, 6, 10, 12, 15, 20, 30, 60)  # lengths of intervals that readings are taken at


class TableClock:
    """Turns the stamps of a table into UTC, some whole meters at a time.

    Args:
        source: The table.
        earliest: The earliest stamp, as it is written; forecasts start at local midnights, so intervals do too.
        may_be_sparse: Whether the readings may be few and far between, as corrections are.
    """

    def __init__(self, source: TableSource, earliest: np.datetime64, may_be_sparse: bool = False) -> None:
        self._source = source
        self._step = np.timedelta64(source.resolution_minutes, "m")
        self._midnight = _local_midnight(earliest, source.timezone)
        self._faults = RowFaults(source.path.name)
        self._may_be_sparse = may_be_sparse
        self._pairs, self._smallest_pairs = 0, 0
        self._smallest_gap: np.timedelta64 | None = None

    def utc_times(self, stamps: Stamps, meters: np.ndarray, is_reading: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Stamps as UTC, `[N]` datetime64[us]; NaT where the time can't be told, which `refuse` refuses of readings.

        Args:
            stamps: `[N]` as they are written, each meter's in the file's order.
            meters: `[N]` integer code of each row's meter.
            is_reading: `[N]` whether the row has a value; one without needs no certain time, for it is left out.
            rows: `[N]` place of each row in the file.
        """
        source, title = self._source, self._source.titles["timestamp"]
        resolved = resolve_local_times(stamps.local, meters, source.timezone, source.resolution_minutes)
        utc = np.where(np.isnat(stamps.utc), resolved.utc, stamps.utc).astype("datetime64[us]")
        off_local = self._is_off_grid(stamps.local, stamps.local.astype("datetime64[D]"))
        self._faults.add(
            (off_local | self._is_off_grid(utc, self._midnight)) & is_reading,
            f"a stamp in the column {title!r} that starts no interval of {source.resolution_minutes} minutes",
            np.where(off_local, stamps.local, utc),
            "Check `--resolution`, or sum the readings up before.",
            rows,
        )
        fixed = "write the offset behind each stamp, or name the fixed zone of a clock that never changes (`Etc/GMT-1`)"
        self._faults.add(
            resolved.nonexistent & is_reading,
            f"a stamp in the column {title!r} that clocks in {source.timezone} skipped",
            stamps.local,
            f"Check `--timezone`; {fixed}.",
            rows,
        )
        self._faults.add(
            resolved.ambiguous & is_reading,
            f"a stamp in the column {title!r} that happened twice in {source.timezone} and does not say which",
            stamps.local,
            f"Keep each meter's rows in order and the repeated hour in full, every {source.resolution_minutes} "
            f"minutes; or {fixed}.",
            rows,
        )
        known = is_reading & ~np.isnat(utc)
        self._note_gaps(utc[known], meters[known])
        return utc

    def refuse(self) -> None:
        """Refuses the table if one of its readings had no certain time.

        Raises:
            ReadingsError: A reading's time does not exist, could be either of two, or starts no interval.
        """
        self._faults.refuse()
        gap = self._smallest_gap
        if gap is not None and self._is_another_resolution(gap):
            minutes = int(gap / np.timedelta64(1, "m"))
            raise ReadingsError(
                f"{self._source.path.name} has a reading every {minutes} minutes, "
                f"not every {self._source.resolution_minutes}.",
                f"Import it with `--resolution {minutes}`.",
            )

    def _note_gaps(self, utc: np.ndarray, meters: np.ndarray) -> None:
        """Hourly readings also lie on a half-hourly grid, but no two of them would be neighbours."""
        order = np.lexsort((utc, meters))
        gaps = np.diff(utc[order])[np.diff(meters[order]) == 0]
        gaps = gaps[gaps > _NONE]  # versions of one reading are not apart
        if not len(gaps):
            return
        smallest = gaps.min()
        if self._smallest_gap is None or smallest < self._smallest_gap:
            self._smallest_gap, self._smallest_pairs = smallest, 0
        self._pairs += len(gaps)
        self._smallest_pairs += int((gaps == self._smallest_gap).sum())

    def _is_another_resolution(self, gap: np.timedelta64) -> bool:
        """Few readings far apart may be corrections; many that are a usual interval apart are of another resolution."""
        if self._pairs < _ENOUGH_PAIRS or gap <= self._step:
            return False
        is_usual = gap / np.timedelta64(1, "m") in _USUAL_MINUTES
        return not self._may_be_sparse or (is_usual and 2 * self._smallest_pairs > self._pairs)

    def _is_off_grid(self, times: np.ndarray, start: np.ndarray | np.datetime64) -> np.ndarray:
        with np.errstate(invalid="ignore"):  # NaT has no remainder
            off_grid: np.ndarray = ((times - start) % self._step != _NONE) & ~np.isnat(times)
        return off_grid


def _local_midnight(earliest: np.datetime64, timezone: str) -> np.datetime64:
    """The local midnight before a stamp that is in UTC or in local time: either way the same, as far as a grid goes."""
    midnight = pd.Timestamp(earliest).normalize().tz_localize(timezone, ambiguous=True, nonexistent="shift_forward")
    return midnight.tz_convert("UTC").tz_localize(None).to_datetime64().astype("datetime64[us]")
