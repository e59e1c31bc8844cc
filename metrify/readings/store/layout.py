"""The files that keep the versions of readings, beside `readings.parquet`, which holds those that count."""

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from metrify.readings.store.versions import VersionedRows

_COMPRESSION_LEVEL = 3


@dataclass(frozen=True)
class VersionedTable:
    """A table of versions in a dataset folder.

    Attributes:
        current_file: The versions that count, sorted by meter and time: `meter_id`, `timestamp`, the value, `version`
            and `arrived`.
        history_file: The others, with `superseded`, and those that count and take a reading back.
        value_column: Name of the value's column.
        value_type: Its type.
    """

    current_file: str
    history_file: str
    value_column: str
    value_type: pa.DataType

    def schema(self, with_superseded: bool) -> pa.Schema:
        """Columns of a file."""
        columns = [
            ("meter_id", pa.string()),
            ("timestamp", pa.timestamp("us", "UTC")),
            (self.value_column, self.value_type),
            ("version", pa.int64()),
            ("arrived", pa.int32()),
        ]
        return pa.schema(columns + ([("superseded", pa.int32())] if with_superseded else []))

    def stored(self, values: np.ndarray) -> np.ndarray:
        """Values as they are after they were stored, `[N]` float64."""
        return values.astype(self.value_type.to_pandas_dtype()).astype(np.float64)


READINGS_TABLE = VersionedTable("readings.parquet", "superseded.parquet", "kwh", pa.float32())
REGISTERS_TABLE = VersionedTable("registers.parquet", "superseded_registers.parquet", "register_kwh", pa.float64())


class VersionedTableWriter:
    """Writes the two files of a table, some whole meters at a time. A context manager.

    Args:
        table: Which table.
        folder: Where its files go.
        meter_ids: `[M]` sorted; the rows' codes are places in it.
    """

    def __init__(self, table: VersionedTable, folder: Path, meter_ids: np.ndarray) -> None:
        self._table = table
        self._meter_ids = pa.array(meter_ids, pa.string())
        self._current, self._history = (
            pq.ParquetWriter(
                folder / name,
                table.schema(with_superseded),
                compression="zstd",
                compression_level=_COMPRESSION_LEVEL,
                use_dictionary=["meter_id", "version", "arrived"],
            )
            for name, with_superseded in ((table.current_file, False), (table.history_file, True))
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._current.close()
        self._history.close()

    def write(self, current: VersionedRows, history: VersionedRows) -> None:
        """Writes rows of meters that sort after all meters written before."""
        there = np.isfinite(current.value)
        if there.any():
            self._current.write_table(self._rows(current.take(there), with_superseded=False))
        past = VersionedRows.join([history, current.take(~there)])
        if len(past):
            self._history.write_table(self._rows(past, with_superseded=True))

    def _rows(self, rows: VersionedRows, with_superseded: bool) -> pa.Table:
        columns = [
            pa.DictionaryArray.from_arrays(pa.array(rows.meter), self._meter_ids).cast(pa.string()),
            pa.array(rows.time).cast(pa.timestamp("us", "UTC")),
            pa.array(rows.value.astype(self._table.value_type.to_pandas_dtype())),
            pa.array(rows.version),
            pa.array(rows.arrived),
        ]
        if with_superseded:
            columns.append(pa.array(rows.superseded))
        return pa.table(columns, schema=self._table.schema(with_superseded))
