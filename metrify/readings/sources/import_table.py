"""Imports a CSV or Parquet file of any utility and any length into a dataset folder.

The file is read part by part, sorted by meter on disk, and resolved against what the dataset already knows. Nothing is
filled in, and what is left out is counted.
"""

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from metrify.errors import ReadingsError
from metrify.readings.dataset import METERS_FILE, DatasetInfo, read_info, write_info
from metrify.readings.sources.merge_parts import MergedCounts, merge_parts
from metrify.readings.sources.table_meters import read_meters
from metrify.readings.sources.table_rows import TableRows, iterate_rows
from metrify.readings.sources.table_source import TableSource
from metrify.readings.sources.table_times import TableClock
from metrify.readings.sources.table_weather import add_weather, read_weather
from metrify.readings.store.external_sort import SPILL_SCHEMA, ExternalSort
from metrify.readings.store.journal import Arrival, read_journal, write_journal
from metrify.readings.weather import WEATHER_FILE
from metrify.units import intervals_per_day

Rename = Callable[[Sequence[str]], list[str]]
_NOT_OF_THE_ROWS = ("path", "meters", "weather", "licence", "citation")
_PLACE_FIELDS = ("resolution_minutes", "timezone", "country")


@dataclass(frozen=True)
class ImportedTable:
    """What came of an import.

    Attributes:
        arrival: What the dataset's journal says of it.
        is_replay: Whether the same had been imported before, so that nothing was written.
        rows: Rows of the file.
        readings: Readings that the dataset has now.
        meters: Meters that the dataset has now.
        silent_meters: Meters of the meters file that have no reading.
        resets: Falls of registers, between which there is no reading.
        rollovers: New beginnings of registers, which readings go across.
        register_gaps: Gaps of registers, in which there is no reading.
    """

    arrival: Arrival
    is_replay: bool
    rows: int = 0
    readings: int = 0
    meters: int = 0
    silent_meters: int = 0
    resets: int = 0
    rollovers: int = 0
    register_gaps: int = 0


def import_table(
    source: TableSource,
    known: Path | None,
    output: Path,
    rename: Rename,
    imported_at: str,
    progress: Callable[[str, int], None] = lambda stage, rows: None,
) -> ImportedTable:
    """Adds a table to a dataset.

    Args:
        source: The table.
        known: Folder of the dataset that it is added to; None begins a new one.
        output: Empty folder, which becomes the dataset with the table.
        rename: From meter numbers of the file to the ids that are kept.
        imported_at: RFC 3339, for the journal.
        progress: Told the stage and how many rows it has done.

    Raises:
        DatasetError: A file is missing or unreadable.
        ReadingsError: A column, unit, time zone, stamp or value does not fit, or two rows contradict each other; one
            line names column, count, an example and the mend.
    """
    intervals_per_day(source.resolution_minutes)  # refuses one that does not divide a day
    source.kwh_factor()
    source.check_place()
    arrivals = read_journal(known) if known else []
    info = _info(source, known)
    _check_versions(source, arrivals)
    digest = _digest(source)
    for arrival in arrivals:
        if arrival.digest == digest:
            return ImportedTable(arrival, is_replay=True)
    data_version = len(arrivals) + 1
    weather = _weather(source, known)

    with tempfile.TemporaryDirectory(dir=output, prefix=".sort-") as scratch, ExternalSort(Path(scratch)) as rows:
        meters = _MeterCodes(rename)
        count = _spill(source, rows, meters, data_version, progress)
        metered = [meters.numbers[code] for code in rows.metered()]
        if not metered:
            raise ReadingsError(f"{source.path.name} has no reading.", f"Check the column {source.titles['kwh']!r}.")
        listed, silent = read_meters(source.meters, source.titles, np.array(metered, dtype=object))
        table = _with_known(meters.renamed(listed), known, replace=source.meters is not None)
        meter_ids = np.array(sorted({*meters.ids, *table["meter_id"]}), dtype=object)
        clock = TableClock(source, rows.earliest(), may_be_sparse=known is not None)
        merged = merge_parts(source, clock, rows, meters.ids, meter_ids, known, output, data_version, progress)
    table.sort_values("meter_id", ignore_index=True).to_parquet(output / METERS_FILE, index=False, compression="zstd")
    if weather is not None:
        weather.to_parquet(output / WEATHER_FILE, index=False, compression="zstd")
    write_info(output, info)
    arrival = _arrival(source, data_version, digest, imported_at, merged)
    write_journal(output, [*arrivals, arrival])
    return ImportedTable(
        arrival,
        False,
        count,
        merged.readings,
        len(table),
        silent,
        merged.resets,
        merged.rollovers,
        merged.register_gaps,
    )


class _MeterCodes:
    """Codes of meters in the order in which they turn up, by the number in the file; two may have one id."""

    def __init__(self, rename: Rename) -> None:
        self._rename = rename
        self._code_of_number: dict[str, int] = {}
        self.numbers: list[str] = []
        self.ids: list[str] = []

    def codes(self, numbers: np.ndarray) -> np.ndarray:
        local, distinct = pd.factorize(numbers)
        new = [number for number in distinct if number not in self._code_of_number]
        for number, meter_id in zip(new, self._rename(new), strict=True):
            self._code_of_number[number] = len(self.ids)
            self.numbers.append(number)
            self.ids.append(meter_id)
        return np.array([self._code_of_number[number] for number in distinct], np.int32)[local]

    def renamed(self, meters: pd.DataFrame) -> pd.DataFrame:
        """The meters table with ids for numbers, also where a number names the meter's own group."""
        ids = dict(zip(self.numbers, self.ids, strict=True))
        group = meters["group"].map(lambda name: ids.get(name, name))
        return meters.assign(meter_id=meters["meter_id"].map(ids), group=group).drop_duplicates("meter_id")


def _spill(
    source: TableSource, rows: ExternalSort, meters: _MeterCodes, version: int, progress: Callable[[str, int], None]
) -> int:
    count = 0
    for part in iterate_rows(source):
        rows.add(_spilled(part, meters.codes(part.meter_ids), version))
        count += len(part.value)
        progress("read", count)
    return count


def _spilled(part: TableRows, codes: np.ndarray, version: int) -> pa.Table:
    is_utc = ~np.isnat(part.stamps.utc)
    stamp = np.where(is_utc, part.stamps.utc, part.stamps.local).astype("datetime64[us]").astype(np.int64)
    versions = np.full(len(codes), version) if part.version is None else part.version
    places = part.first_row + np.arange(len(codes))
    return pa.table([codes, stamp, is_utc, part.value, versions, places], schema=SPILL_SCHEMA)


def _info(source: TableSource, known: Path | None) -> DatasetInfo:
    info = DatasetInfo(
        source.name, source.resolution_minutes, source.timezone, source.country, source.licence, source.citation
    )
    if known is None:
        return info
    before = read_info(known)
    for name in _PLACE_FIELDS:
        ours, theirs = getattr(before, name), getattr(info, name)
        if ours != theirs:
            raise ReadingsError(
                f"The dataset {before.name!r} has {name.replace('_', ' ')} {ours}, and the table {theirs}.",
                "Import the table as a dataset of its own, or say how it fits.",
            )
    return before


def _check_versions(source: TableSource, arrivals: list[Arrival]) -> None:
    if arrivals and arrivals[0].has_versions != source.has_versions:
        needed = "its rows have versions" if arrivals[0].has_versions else "its rows have no versions"
        mend = "Name" if arrivals[0].has_versions else "Leave out"
        raise ReadingsError(
            f"The dataset {source.name!r} was begun with a file that says otherwise: {needed}.",
            f"{mend} `--column version=...`, or import the file as a dataset of its own.",
        )


def _with_known(listed: pd.DataFrame, known: Path | None, replace: bool) -> pd.DataFrame:
    """The meters of the dataset and of the table; of one that is in both, the table's row if it has a meters file."""
    if known is None:
        return listed
    before = pd.read_parquet(known / METERS_FILE)
    parts = [listed, before] if replace else [before, listed]
    return pd.concat(parts, ignore_index=True).drop_duplicates("meter_id")


def _weather(source: TableSource, known: Path | None) -> pd.DataFrame | None:
    if source.weather is None:
        return None
    before = known / WEATHER_FILE if known else None
    return add_weather(
        pd.read_parquet(before) if before and before.is_file() else None,
        read_weather(source.weather, source.timezone, source.resolution_minutes),
    )


def _digest(source: TableSource) -> str:
    digest = hashlib.sha256()
    for path in (source.path, source.meters, source.weather):
        if path is not None and path.is_file():
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    told = {name: value for name, value in asdict(source).items() if name not in _NOT_OF_THE_ROWS}
    digest.update(repr(sorted(told.items())).encode())
    return digest.hexdigest()


def _arrival(source: TableSource, data_version: int, digest: str, imported_at: str, merged: MergedCounts) -> Arrival:
    return Arrival(
        data_version=data_version,
        digest=digest,
        imported_at=imported_at,
        has_versions=source.has_versions,
        added=merged.added,
        corrected=merged.corrected,
        duplicates=merged.duplicates,
        superseded=merged.superseded,
        missing=merged.missing,
    )
