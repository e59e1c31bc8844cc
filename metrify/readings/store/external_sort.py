"""Sorts more rows than fit into memory by meter, and gives them back in parts of whole meters."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import numpy as np
import pyarrow as pa

from metrify.readings.store.layout import VersionedTable

_MEMORY_LIMIT = "600MB"
_THREADS = 2
_BATCH_ROWS = 250_000
_PART_ROWS = 1_000_000

SPILL_SCHEMA = pa.schema(
    [
        ("code", pa.int32()),
        ("stamp", pa.int64()),
        ("is_utc", pa.bool_()),
        ("value", pa.float64()),
        ("version", pa.int64()),
        ("row", pa.int64()),
    ]
)
_ARRIVING_QUERY = (
    'SELECT place, 0::TINYINT AS source, stamp, is_utc, value, version, "row", 0::INTEGER AS arrived, '
    "0::INTEGER AS superseded FROM arriving JOIN arriving_meters USING (code)"
)
Part = dict[str, np.ndarray]


class ExternalSort:
    """Rows of meters on disk, by DuckDB. A context manager.

    Args:
        folder: Where the rows lie until the end; it has to be empty and is left for the caller to delete.
    """

    def __init__(self, folder: Path) -> None:
        self._connection = duckdb.connect(str(folder / "rows.duckdb"))
        for setting, value in (
            ("memory_limit", _MEMORY_LIMIT),
            ("threads", _THREADS),
            ("temp_directory", str(folder)),
            ("preserve_insertion_order", False),
        ):
            self._connection.execute(f"SET {setting} = $value", {"value": value})
        columns = 'code INTEGER, stamp BIGINT, is_utc BOOLEAN, value DOUBLE, version BIGINT, "row" BIGINT'
        self._connection.execute(f"CREATE TABLE arriving ({columns})")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def add(self, rows: pa.Table) -> None:
        """Adds rows of `SPILL_SCHEMA`."""
        self._connection.register("rows", rows)
        self._connection.execute("INSERT INTO arriving SELECT * FROM rows")
        self._connection.unregister("rows")

    def metered(self) -> np.ndarray:
        """Codes of the meters that have a value, sorted."""
        query = "SELECT DISTINCT code FROM arriving WHERE isfinite(value) ORDER BY code"
        return np.asarray(self._connection.execute(query).fetchnumpy()["code"])

    def earliest(self) -> np.datetime64:
        """The earliest stamp, as it was written."""
        (stamp,) = self._connection.execute("SELECT min(stamp) FROM arriving").fetchall()[0]
        return np.datetime64(stamp, "us")

    def parts(
        self, ids_by_code: Sequence[str], meter_ids: np.ndarray, tables: Sequence[VersionedTable], known: Path | None
    ) -> Iterator[Part]:
        """All rows in the order of the meter ids, a part of whole meters at a time.

        Args:
            ids_by_code: Id of the meter of each arriving code.
            meter_ids: `[M]` ids of arriving and known meters, sorted.
            tables: Tables of versions that are known.
            known: Folder of their files; None where nothing is known.

        Yields:
            Columns of `SPILL_SCHEMA` with `place`, the meter's among the sorted ids, for its code, and `source`,
            `arrived` and `superseded`. The source is 0 for what arrives, then two numbers a table: one for its current
            rows and one for its history.
        """
        ids = pa.array(meter_ids, pa.string())
        places = np.arange(len(meter_ids), dtype=np.int32)
        self._connection.register("known_meters", pa.table({"meter_id": ids, "place": places}))
        of_code = np.searchsorted(meter_ids, np.array(ids_by_code, dtype=object)).astype(np.int32)
        codes = np.arange(len(of_code), dtype=np.int32)
        self._connection.register("arriving_meters", pa.table({"code": codes, "place": of_code}))
        queries = [_ARRIVING_QUERY]
        if known:
            for table in tables:
                for name, superseded in ((table.current_file, "0::INTEGER"), (table.history_file, "superseded")):
                    queries.append(
                        f"SELECT place, {len(queries)}::TINYINT, epoch_us(timestamp), true, "
                        f"{table.value_column}::DOUBLE, version, 0::BIGINT, arrived, {superseded} "
                        f"FROM read_parquet('{_quoted(known / name)}') JOIN known_meters USING (meter_id)"
                    )
        query = " UNION ALL ".join(queries) + ' ORDER BY place, source, "row", stamp, version'
        yield from _whole_meters(self._connection.sql(query).to_arrow_reader(_BATCH_ROWS))


def _whole_meters(batches: Iterator[pa.RecordBatch]) -> Iterator[Part]:
    waiting: list[Part] = []
    count = 0
    for batch in batches:
        columns = zip(batch.schema.names, batch.columns, strict=True)
        waiting.append({name: column.to_numpy(zero_copy_only=False) for name, column in columns})
        count += batch.num_rows
        if count < _PART_ROWS:
            continue
        joined = _join(waiting)
        cut = int(np.searchsorted(joined["place"], joined["place"][-1]))  # the last meter may go on
        if cut:
            yield {name: column[:cut] for name, column in joined.items()}
        waiting = [{name: column[cut:] for name, column in joined.items()}]
        count = len(waiting[0]["place"])
    if count:
        yield _join(waiting)


def _join(parts: list[Part]) -> Part:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
