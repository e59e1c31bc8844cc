"""Merges the sorted rows of a table with what a dataset knows, some whole meters at a time."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from metrify.readings.schema import LARGEST_KWH
from metrify.readings.sources.registers import RegisterIntervals, register_intervals
from metrify.readings.sources.table_cells import Stamps
from metrify.readings.sources.table_faults import RowFaults
from metrify.readings.sources.table_source import VERSION_COLUMN, TableSource
from metrify.readings.sources.table_times import TableClock
from metrify.readings.store.changes import Changes
from metrify.readings.store.external_sort import ExternalSort, Part
from metrify.readings.store.layout import READINGS_TABLE, REGISTERS_TABLE, VersionedTableWriter
from metrify.readings.store.versions import CURRENT, Resolution, VersionedRows, resolve_versions

_ARRIVING = 0


@dataclass
class MergedCounts:
    """What was merged; see `Arrival` and `ImportedTable`. `metered` is how many meters have a reading."""

    readings: int = 0
    metered: int = 0
    added: int = 0
    corrected: int = 0
    withdrawn: int = 0
    duplicates: int = 0
    superseded: int = 0
    missing: int = 0
    resets: int = 0
    rollovers: int = 0
    register_gaps: int = 0


def merge_parts(
    source: TableSource,
    clock: TableClock,
    rows: ExternalSort,
    ids_by_code: list[str],
    meter_ids: np.ndarray,
    known: Path | None,
    output: Path,
    data_version: int,
    progress: Callable[[str, int], None],
) -> MergedCounts:
    """Writes the readings of a dataset folder: what counts, the history, and what changed.

    Args:
        source: The table.
        clock: Turns its stamps into UTC.
        rows: Its rows.
        ids_by_code: Id of the meter of each code in `rows`.
        meter_ids: `[M]` all meters of the dataset, sorted.
        known: Folder of what is known; None where there is nothing.
        output: Folder to write.
        data_version: Number of this arrival.
        progress: Told the stage and how many rows it has done.

    Raises:
        ReadingsError: A stamp or value does not fit, or two rows contradict each other.
    """
    tables = [READINGS_TABLE, REGISTERS_TABLE] if source.is_register else [READINGS_TABLE]
    merge = _Merge(source, clock, data_version)
    done = 0
    with ExitStack() as stack:
        writers = [stack.enter_context(VersionedTableWriter(table, output, meter_ids)) for table in tables]
        changes = stack.enter_context(Changes(output, meter_ids, known, data_version))
        for part in rows.parts(ids_by_code, meter_ids, tables, known):
            resolutions = merge.registers(part) if source.is_register else merge.intervals(part)
            for writer, resolution in zip(writers, resolutions, strict=True):
                writer.write(resolution.current, resolution.history)
            changes.note(resolutions[0])
            done += len(part["place"])
            progress("merged", done)
    clock.refuse()
    merge.refuse()
    return merge.counts


class _Merge:
    def __init__(self, source: TableSource, clock: TableClock, data_version: int) -> None:
        self._source, self._clock, self._data_version = source, clock, data_version
        self._faults = RowFaults(source.path.name)
        self.counts = MergedCounts()

    def refuse(self) -> None:
        self._faults.refuse()

    def intervals(self, part: Part) -> list[Resolution]:
        new, rows = self._arriving(part)
        stored = replace(new, value=READINGS_TABLE.stored(new.value))
        resolution = resolve_versions(_of_table(part, 0), stored, self._data_version, not self._source.has_versions)
        self._note_conflicts(new, rows, resolution)
        self._count(resolution)
        self.counts.duplicates += resolution.duplicates
        self.counts.superseded += int((resolution.history.arrived == self._data_version).sum())
        return [resolution]

    def registers(self, part: Part) -> list[Resolution]:
        new, rows = self._arriving(part)
        registers = resolve_versions(_of_table(part, 1), new, self._data_version, not self._source.has_versions)
        self._note_conflicts(new, rows, registers)
        self.counts.duplicates += registers.duplicates
        self.counts.superseded += int((registers.history.arrived == self._data_version).sum())
        current = registers.current
        step = self._source.resolution_minutes * 60_000_000
        range_kwh = self._source.register_range_kwh
        found = register_intervals(current.meter, current.time, current.value, step, range_kwh)
        self.counts.resets += int(self._is_new(current, found.resets).sum())
        self.counts.rollovers += int(self._is_new(current, found.rollovers).sum())
        self.counts.register_gaps += int(self._is_new(current, found.gaps).sum())
        self._note_large(current, new, rows, found)
        known = _of_table(part, 0)
        derived = self._readings(current.meter[found.place], current.time[found.place] - step, found.kwh)
        derived = VersionedRows.join([derived, self._no_longer_derived(known, derived)])
        resolution = resolve_versions(known, derived, self._data_version, unchanged_is_duplicate=True)
        self._count(resolution)
        return [resolution, registers]

    def _readings(self, meter: np.ndarray, time: np.ndarray, kwh: np.ndarray) -> VersionedRows:
        """Readings of intervals between two registers: of two versions, so theirs is the number of this arrival."""
        nothing = np.zeros(len(time), np.int32)
        versions = np.full(len(time), self._data_version)
        return VersionedRows(meter, time, READINGS_TABLE.stored(kwh), versions, nothing, nothing)

    def _no_longer_derived(self, known: VersionedRows, derived: VersionedRows) -> VersionedRows:
        """Takes back the readings that count and that the registers do not say any more."""
        counting = known.take((known.superseded == CURRENT) & np.isfinite(known.value))
        ours, theirs = (pd.MultiIndex.from_arrays([rows.meter, rows.time]) for rows in (counting, derived))
        gone = counting.take(~ours.isin(theirs))
        return self._readings(gone.meter, gone.time, np.full(len(gone), np.nan))

    def _is_new(self, current: VersionedRows, places: np.ndarray) -> np.ndarray:
        """Whether one of the two registers before and at each place arrived now."""
        return (current.arrived[places] == self._data_version) | (current.arrived[places - 1] == self._data_version)

    def _note_large(
        self, current: VersionedRows, new: VersionedRows, rows: np.ndarray, found: RegisterIntervals
    ) -> None:
        large = found.kwh > LARGEST_KWH
        if not large.any():
            return
        row_of = dict(zip(zip(new.meter.tolist(), new.time.tolist(), strict=True), rows.tolist(), strict=True))
        places = found.place[large]
        keys = zip(current.meter[places].tolist(), current.time[places].tolist(), strict=True)
        title = self._source.titles["kwh"]
        fault = f"more than {LARGEST_KWH:g} kWh since the reading before in the column {title!r}"
        mend = "Check `--unit` and `--register`, or leave these rows out."
        shown = np.array([row_of.get(key, 0) for key in keys])
        self._faults.add(np.ones(len(places), bool), fault, found.kwh[large], mend, shown)

    def _arriving(self, part: Part) -> tuple[VersionedRows, np.ndarray]:
        """The arriving rows that are readings, and their places in the file."""
        part = _where(part, part["source"] == _ARRIVING)
        stamp = part["stamp"].astype("datetime64[us]")
        nothing = np.datetime64("NaT", "us")
        stamps = Stamps(
            local=np.where(part["is_utc"], nothing, stamp).astype("datetime64[ns]"),
            utc=np.where(part["is_utc"], stamp, nothing).astype("datetime64[ns]"),
        )
        has_value = np.isfinite(part["value"])
        utc = self._clock.utc_times(stamps, self._clock_codes(part), has_value, part["row"])
        is_reading = has_value & ~np.isnat(utc)
        self._note_beyond_range(part)
        self.counts.missing += int((~has_value).sum())
        kept = _where(part, is_reading)
        time = utc[is_reading].astype(np.int64)
        return (
            VersionedRows(kept["place"], time, kept["value"], kept["version"], kept["arrived"], kept["superseded"]),
            kept["row"],
        )

    def _clock_codes(self, part: Part) -> np.ndarray:
        """Whose rows tell the passes of a repeated hour apart: a meter's, or a meter's of one version.

        Otherwise a corrected reading beside the one it corrects would look like the second pass.
        """
        if not self._source.has_versions:
            return part["place"]
        versions, distinct = pd.factorize(part["version"])
        return part["place"].astype(np.int64) * len(distinct) + versions

    def _note_beyond_range(self, part: Part) -> None:
        range_kwh = self._source.register_range_kwh
        if range_kwh is None:
            return
        digits = self._source.register_digits
        fault = f"a register of more than {digits} digits in the column {self._source.titles['kwh']!r}"
        beyond = part["value"] >= range_kwh
        shown = part["value"] / self._source.kwh_factor()
        self._faults.add(beyond, fault, shown, "Check `--register-digits` and `--unit`.", part["row"])

    def _note_conflicts(self, new: VersionedRows, rows: np.ndarray, resolution: Resolution) -> None:
        conflict = np.zeros(len(new), dtype=bool)
        conflict[resolution.conflicts] = True
        titles, keys = self._source.titles, ["meter_id", "timestamp"]
        if self._source.has_versions:
            keys.append(VERSION_COLUMN)
            mend = "Give a corrected reading a higher version."
        else:
            mend = "Keep one row of each meter and interval, or name their versions with `--column version=...`."
        fault = f"another value than an earlier row of the same {', '.join(repr(titles[key]) for key in keys)}"
        self._faults.add(conflict, fault, new.time.astype("datetime64[us]"), mend, rows)

    def _count(self, resolution: Resolution) -> None:
        counting = np.isfinite(resolution.current.value)
        self.counts.readings += int(counting.sum())
        self.counts.metered += len(np.unique(resolution.current.meter[counting]))
        self.counts.corrected += int(resolution.corrected.sum())
        self.counts.withdrawn += int(resolution.withdrawn.sum())
        self.counts.added += int((resolution.changed & np.isnan(resolution.before)).sum())


def _of_table(part: Part, number: int) -> VersionedRows:
    """The known rows of the first or second table, current ones and history."""
    known = _where(part, (part["source"] == 2 * number + 1) | (part["source"] == 2 * number + 2))
    return VersionedRows(
        known["place"], known["stamp"], known["value"], known["version"], known["arrived"], known["superseded"]
    )


def _where(part: Part, rows: np.ndarray) -> Part:
    return {name: column[rows] for name, column in part.items()}
