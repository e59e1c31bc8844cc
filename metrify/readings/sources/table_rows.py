"""The rows of a table, part by part: meters, stamps as they are written, values in kWh and versions."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from metrify.readings.schema import LARGEST_KWH, READINGS_COLUMNS
from metrify.readings.sources.table_cells import Stamps, read_names, read_stamps, read_values, read_versions
from metrify.readings.sources.table_faults import refuse_rows
from metrify.readings.sources.table_file import iterate_columns
from metrify.readings.sources.table_source import VERSION_COLUMN, TableSource


@dataclass(frozen=True)
class TableRows:
    """Some rows of a table, in the file's order.

    Attributes:
        meter_ids: `[N]` str as the file names them.
        stamps: `[N]` as they are written.
        value: `[N]` float64 kWh; NaN where there is no reading.
        version: `[N]` int64; None where the rows have no versions.
        version_kind: What the versions are, `number` or `stamp`; None where there are none.
        first_row: Place of the first of them in the file, from 0.
    """

    meter_ids: np.ndarray
    stamps: Stamps
    value: np.ndarray
    version: np.ndarray | None
    version_kind: str | None
    first_row: int


def iterate_rows(source: TableSource) -> Iterator[TableRows]:
    """Reads a table part by part.

    Raises:
        DatasetError: The file is missing or unreadable.
        ReadingsError: A column is missing, or a cell can't be read; one line names column, count, an example and the
            mend. The count is of the rows up to the part that has the fault.
    """
    file, titles, factor = source.path.name, source.titles, source.kwh_factor()
    wanted = (*READINGS_COLUMNS, VERSION_COLUMN) if source.has_versions else READINGS_COLUMNS
    row = 0
    for table in iterate_columns(source.path, {ours: titles[ours] for ours in wanted}):
        meter_ids = read_names(file, table["meter_id"], titles["meter_id"], row)
        value = factor * read_values(file, table["kwh"], titles["kwh"], row)
        if not source.is_register:
            fault = f"more than {LARGEST_KWH:g} kWh in the column {titles['kwh']!r}"
            refuse_rows(
                file, np.abs(value) > LARGEST_KWH, fault, value, "Check `--unit`, or leave these rows out.", row
            )
        stamps = read_stamps(file, table["timestamp"], titles["timestamp"], row)
        version, kind = None, None
        if source.has_versions:
            version, kind = read_versions(file, table[VERSION_COLUMN], titles[VERSION_COLUMN], row)
        yield TableRows(meter_ids, stamps, value, version, kind, row)
        row += len(table)
