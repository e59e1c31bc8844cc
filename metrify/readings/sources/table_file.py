"""Reads the wanted columns of a CSV or Parquet file under our names for them. CSV cells stay text."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from metrify.errors import DatasetError, ReadingsError

CSV_SUFFIXES = (".csv", ".tsv", ".txt")
PARQUET_SUFFIXES = (".parquet", ".pq")
_EXAMPLES = {"meter_id": "MPAN", "timestamp": "read_at", "kwh": "value"}
_CSV_BLOCK_BYTES = 16 * 2**20
_PARQUET_ROWS = 500_000
_DELIMITERS = (",", ";", "\t", "|")


def column_names(path: Path) -> list[str]:
    """Names of a file's columns.

    Raises:
        DatasetError: The file is missing or unreadable.
    """
    with _one_error(path):
        return _csv_header(path)[0] if _is_csv(path) else list(pq.read_schema(path).names)


def iterate_columns(
    path: Path, columns: Mapping[str, str], optional: Sequence[str] = (), may_be_named: bool = True
) -> Iterator[pa.Table]:
    """The same as `read_columns`, a part of the rows at a time, so that a file of any length fits into memory."""
    wanted = _wanted(path, column_names(path), columns, optional, may_be_named)
    names = list(dict.fromkeys(wanted.values()))
    with _one_error(path):
        for table in _iterate_csv(path, names) if _is_csv(path) else _iterate_parquet(path, names):
            yield pa.table([table[name] for name in wanted.values()], list(wanted))


def read_columns(
    path: Path, columns: Mapping[str, str], optional: Sequence[str] = (), may_be_named: bool = True
) -> pa.Table:
    """Reads columns of a file and gives them our names.

    Args:
        path: CSV with a header (separated by comma, semicolon, tab or bar; UTF-8) or Parquet.
        columns: Our name to the file's name.
        optional: Our names of the columns that may be absent; they are left out then.
        may_be_named: Whether `--column` says what the file calls a column.

    Raises:
        DatasetError: The file is missing or unreadable.
        ReadingsError: A column is missing, or its name occurs twice.
    """
    return pa.concat_tables(iterate_columns(path, columns, optional, may_be_named))


def _wanted(
    path: Path, names: Sequence[str], columns: Mapping[str, str], optional: Sequence[str], may_be_named: bool
) -> dict[str, str]:
    present = ", ".join(map(repr, names))
    for ours, theirs in columns.items():
        if theirs not in names and ours not in optional:
            by_option = f"Name the right one, for instance `--column {ours}={_EXAMPLES.get(ours, 'NAME')}`."
            raise ReadingsError(
                f"{path.name} lacks the column {theirs!r} for {ours}; it has {present}.",
                by_option if may_be_named else f"Rename the right one to {theirs!r} in the file.",
            )
        if names.count(theirs) > 1:
            raise ReadingsError(
                f"{path.name} has {names.count(theirs)} columns {theirs!r} for {ours}; it has {present}.",
                "Rename all but one of them in the file.",
            )
    return {ours: theirs for ours, theirs in columns.items() if theirs in names}


def _is_csv(path: Path) -> bool:
    suffix = path.suffix.lower()
    if suffix not in (*CSV_SUFFIXES, *PARQUET_SUFFIXES):
        raise DatasetError(
            f"{path.name or path} is neither CSV nor Parquet by its name.",
            f"Let it end in {', '.join((*CSV_SUFFIXES, *PARQUET_SUFFIXES))}.",
        )
    return suffix in CSV_SUFFIXES


@contextmanager
def _one_error(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DatasetError(f"{path} can't be read: {_reason(error)}.", "Check the path.") from error
    except (ValueError, csv.Error) as error:
        is_encoding = isinstance(error, UnicodeDecodeError) or "invalid UTF8" in str(error)
        mend = "Save it as UTF-8." if is_encoding else "Mend or export the file again."
        raise DatasetError(f"{path} can't be read: {_reason(error)}.", mend) from error


def _csv_header(path: Path) -> tuple[list[str], str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        line = file.readline()
    if not line.strip():
        raise ReadingsError(f"{path.name} is empty, or begins with an empty line.", "Begin it with the columns' names.")
    delimiter = max(_DELIMITERS, key=line.count)
    return next(csv.reader([line], delimiter=delimiter, strict=True), []), delimiter


def _iterate_csv(path: Path, names: list[str]) -> Iterator[pa.Table]:
    delimiter = _csv_header(path)[1]
    with pa_csv.open_csv(
        path,
        read_options=pa_csv.ReadOptions(block_size=_CSV_BLOCK_BYTES),
        parse_options=pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=False),
        convert_options=pa_csv.ConvertOptions(include_columns=names, column_types=dict.fromkeys(names, pa.string())),
    ) as reader:
        yield reader.schema.empty_table()
        for batch in reader:
            yield pa.Table.from_batches([batch])


def _iterate_parquet(path: Path, names: list[str]) -> Iterator[pa.Table]:
    with pq.ParquetFile(path) as file:
        yield file.schema_arrow.empty_table()
        for batch in file.iter_batches(_PARQUET_ROWS, columns=names):
            yield pa.Table.from_batches([batch])


def _reason(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    text = re.sub(r"(Expected \d+ columns, got \d+): .*", r"\1", text, flags=re.DOTALL)  # without the row itself
    return " ".join(text.split()).rstrip(".")
