"""Imports a CSV or Parquet file of any utility and any length into a dataset folder.

The file is read part by part, sorted by meter on disk, and resolved against what the dataset already knows. Nothing is
filled in, and what is left out is counted.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from metrify.errors import ReadingsError
from metrify.readings.dataset import METERS_FILE, READINGS_FILE, write_info
from metrify.readings.sources.import_settings import (
    check_settings,
    check_version_kind,
    digest_readings,
    info_of,
    settings_of,
)
from metrify.readings.sources.imported_labels import read_new_labels, write_labels
from metrify.readings.sources.imported_meters import MeterCodes, Rename, meters_table, relisted_meters
from metrify.readings.sources.imported_surroundings import write_surroundings
from metrify.readings.sources.merge_parts import MergedCounts, merge_parts
from metrify.readings.sources.table_rows import TableRows, iterate_rows
from metrify.readings.sources.table_source import TableSource
from metrify.readings.sources.table_times import TableClock
from metrify.readings.store.external_sort import SPILL_SCHEMA, ExternalSort
from metrify.readings.store.journal import Arrival, read_journal, write_journal


@dataclass(frozen=True)
class ImportedTable:
    """What came of an import.

    Attributes:
        arrival: What the dataset's journal says of it.
        is_replay: Whether the same readings had been imported before, so that they were not taken again.
        has_surroundings: Whether meters, weather, grid status or labels were taken nevertheless.
        rows: Rows of the file.
        readings: Readings that the dataset has now.
        meters: Meters that the dataset has now.
        silent_meters: Meters of the dataset and of the meters file that have no reading.
        resets: Falls of registers, between which there is no reading.
        rollovers: New beginnings of registers, which readings go across.
        register_gaps: Gaps of registers, in which there is no reading.
        labels: Labels that the dataset has now; 0 where the import brought none.
    """

    arrival: Arrival
    is_replay: bool
    has_surroundings: bool = False
    rows: int = 0
    readings: int = 0
    meters: int = 0
    silent_meters: int = 0
    resets: int = 0
    rollovers: int = 0
    register_gaps: int = 0
    labels: int = 0


def import_table(
    source: TableSource,
    known: Path | None,
    output: Path,
    rename: Rename,
    imported_at: str,
    progress: Callable[[str, int], None] = lambda stage, rows: None,
    label_kinds: Sequence[str] = (),
) -> ImportedTable:
    """Adds a table to a dataset.

    Args:
        source: The table.
        known: Folder of the dataset that it is added to; None begins a new one.
        output: Empty folder, which becomes the dataset with the table.
        rename: From meter numbers of the file to the ids that are kept.
        imported_at: RFC 3339, for the journal.
        progress: Told the stage and how many rows it has done.
        label_kinds: Names that the kind of a label may have.

    Raises:
        DatasetError: A file is missing or unreadable.
        ReadingsError: A column, unit, time zone, stamp or value does not fit, or two rows contradict each other; one
            line names column, count, an example and the mend.
    """
    source.check_options()
    arrivals = read_journal(known) if known else []
    if known:
        check_settings(source, known, arrivals)
    write_surroundings(source, known, output)
    labels = read_new_labels(source, label_kinds, rename)
    digest = digest_readings(source)
    for arrival in arrivals:
        if known and arrival.digest == digest:
            return _add_surroundings(source, labels, known, output, rename, arrival)
    data_version = len(arrivals) + 1

    with tempfile.TemporaryDirectory(dir=output, prefix=".sort-") as scratch, ExternalSort(Path(scratch)) as rows:
        meters = MeterCodes(rename)
        count, kinds = _spill(source, rows, meters, data_version, progress)
        kind = check_version_kind(source, kinds, arrivals)
        metered = [meters.numbers[code] for code in rows.metered()]
        if not metered:
            raise ReadingsError(f"{source.path.name} has no reading.", f"Check the column {source.titles['kwh']!r}.")
        table, unmetered = meters_table(source, metered, known, rename)
        meter_ids = np.array(sorted({*meters.ids, *table["meter_id"]}), dtype=object)
        clock = TableClock(source, rows.earliest(), may_be_sparse=known is not None)
        merged = merge_parts(source, clock, rows, meters.ids, meter_ids, known, output, data_version, progress)
    _refuse_no_interval(source, merged)
    _write_meters(table, output)
    label_count = write_labels(source, labels, table["meter_id"], known, output)
    write_info(output, info_of(source, known))
    arrival = Arrival(
        data_version,
        digest,
        imported_at,
        settings_of(source, kind),
        merged.added,
        merged.corrected,
        merged.withdrawn,
        merged.duplicates,
        merged.superseded,
        merged.missing,
    )
    write_journal(output, [*arrivals, arrival])
    return ImportedTable(
        arrival,
        is_replay=False,
        rows=count,
        readings=merged.readings,
        meters=len(table),
        silent_meters=unmetered + len(table) - merged.metered,
        resets=merged.resets,
        rollovers=merged.rollovers,
        register_gaps=merged.register_gaps,
        labels=label_count,
    )


def _add_surroundings(
    source: TableSource, labels: pd.DataFrame | None, known: Path, output: Path, rename: Rename, arrival: Arrival
) -> ImportedTable:
    """The readings are known. What is new of meters, weather, grid status and labels is taken all the same."""
    if source.meters is not None:
        _write_meters(relisted_meters(source, known, rename), output)
    surroundings = (source.meters, source.weather, source.grid_status, source.labels)
    meters = pd.read_parquet(known / METERS_FILE)
    return ImportedTable(
        arrival,
        is_replay=True,
        has_surroundings=any(path is not None for path in surroundings),
        readings=pq.read_metadata(known / READINGS_FILE).num_rows,
        meters=len(meters),
        labels=write_labels(source, labels, meters["meter_id"], known, output),
    )


def _spill(
    source: TableSource, rows: ExternalSort, meters: MeterCodes, version: int, progress: Callable[[str, int], None]
) -> tuple[int, set[str | None]]:
    """Puts all rows on disk; returns how many there are, and the kinds of their versions."""
    count, kinds = 0, set()
    for part in iterate_rows(source):
        rows.add(_spilled(part, meters.codes(part.meter_ids), version))
        count += len(part.value)
        if len(part.value):
            kinds.add(part.version_kind)
        progress("read", count)
    return count, kinds


def _spilled(part: TableRows, codes: np.ndarray, version: int) -> pa.Table:
    is_utc = ~np.isnat(part.stamps.utc)
    stamp = np.where(is_utc, part.stamps.utc, part.stamps.local).astype("datetime64[us]").astype(np.int64)
    versions = np.full(len(codes), version) if part.version is None else part.version
    places = part.first_row + np.arange(len(codes))
    return pa.table([codes, stamp, is_utc, part.value, versions, places], schema=SPILL_SCHEMA)


def _refuse_no_interval(source: TableSource, merged: MergedCounts) -> None:
    """Registers that are read once, or never one interval after another, say nothing of any interval."""
    if not merged.readings:
        minutes = source.resolution_minutes
        raise ReadingsError(
            f"{source.path.name} gives no reading: no register is read twice, {minutes} minutes apart, without falling "
            f"({merged.register_gaps} are further apart, {merged.resets} fall).",
            "Import what came before or after with it, check `--resolution`, or leave out `--register` if the values "
            "are those of intervals.",
        )


def _write_meters(meters: pd.DataFrame, output: Path) -> None:
    meters.sort_values("meter_id", ignore_index=True).to_parquet(output / METERS_FILE, index=False, compression="zstd")
