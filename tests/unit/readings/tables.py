"""Imports a table into a folder of its own and reads what is there then."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from metrify.readings.dataset import Dataset, read_dataset
from metrify.readings.sources.import_table import ImportedTable, import_table
from metrify.readings.sources.table_source import TableSource

NOW = "2026-01-01T00:00:00+00:00"


@dataclass(frozen=True)
class ReadTable:
    """The dataset that a table became, and what the import said of it."""

    dataset: Dataset
    imported: ImportedTable

    @property
    def missing(self) -> int:
        return self.imported.arrival.missing

    @property
    def silent_meters(self) -> int:
        return self.imported.silent_meters


def add_table(source: TableSource, known: Path | None, output: Path) -> ReadTable:
    """Adds a table to a dataset; meters keep their numbers."""
    output.mkdir(exist_ok=True)
    imported = import_table(source, known, output, list, NOW)
    return ReadTable(read_dataset(known if imported.is_replay and known else output), imported)


def read_table(source: TableSource) -> ReadTable:
    """What a table becomes by itself."""
    with tempfile.TemporaryDirectory() as folder:
        return add_table(source, None, Path(folder))
