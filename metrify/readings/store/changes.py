"""Which readings of which meters an arrival changed, so that what was made of them can be made again."""

from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from metrify.readings.store.versions import Resolution

CHANGES_FILE = "changes.parquet"
CHANGES_SCHEMA = pa.schema(
    [
        ("meter_id", pa.string()),
        ("first", pa.timestamp("us", "UTC")),
        ("last", pa.timestamp("us", "UTC")),
        ("added", pa.int64()),
        ("corrected", pa.int64()),
        ("withdrawn", pa.int64()),
        ("data_version", pa.int32()),
    ]
)


class Changes:
    """Writes a row for each meter whose readings an arrival changed. A context manager.

    Args:
        folder: Where the file goes.
        meter_ids: `[M]` sorted; the rows' codes are places in it.
        known: Folder whose changes come first; None begins a new dataset, of which everything is new.
        data_version: Number of the arrival.
    """

    def __init__(self, folder: Path, meter_ids: np.ndarray, known: Path | None, data_version: int) -> None:
        self._meter_ids, self._data_version = meter_ids, data_version
        self._writer = pq.ParquetWriter(folder / CHANGES_FILE, CHANGES_SCHEMA, compression="zstd")
        if known:
            self._writer.write_table(read_changes(known))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    def note(self, resolution: Resolution) -> None:
        """Notes what changed in some whole meters."""
        changed = np.flatnonzero(resolution.changed)
        if not len(changed):
            return
        meter, time = resolution.current.meter[changed], resolution.current.time[changed]
        starts = np.flatnonzero(np.r_[True, meter[1:] != meter[:-1]])
        ends = np.r_[starts[1:], len(meter)]
        corrected, withdrawn = (
            np.add.reduceat(mask[changed].astype(np.int64), starts)
            for mask in (resolution.corrected, resolution.withdrawn)
        )
        columns = [
            pa.array(self._meter_ids[meter[starts]], pa.string()),
            pa.array(time[starts]).cast(CHANGES_SCHEMA.field("first").type),
            pa.array(time[ends - 1]).cast(CHANGES_SCHEMA.field("last").type),
            pa.array(ends - starts - corrected - withdrawn),
            pa.array(corrected),
            pa.array(withdrawn),
            pa.array(np.full(len(starts), self._data_version, np.int32)),
        ]
        self._writer.write_table(pa.table(columns, schema=CHANGES_SCHEMA))


def read_changes(folder: Path, after: int = 0) -> pa.Table:
    """What changed in a dataset: `meter_id`, `first` and `last` start of a changed interval, counts, `data_version`.

    Args:
        folder: Dataset folder.
        after: Only what came after this data version.
    """
    path = folder / CHANGES_FILE
    if not path.is_file():
        return CHANGES_SCHEMA.empty_table()
    return pq.read_table(path, schema=CHANGES_SCHEMA, filters=[("data_version", ">", after)])
