"""Turns the cells of a table into meter numbers, stamps and values, and refuses the rows that can't be read."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from metrify.errors import ReadingsError
from metrify.readings.sources.table_faults import refuse_rows

_LARGEST_VERSION = 1e18
_NO_READING = ("", "nan", "na", "n/a", "null", "none")
_STAMP = re.compile(
    r"(?:\d{4}-\d{2}-\d{2}|\d{8})(?:[T ]\d{2}(?::?\d{2}(?::?\d{2}(?:\.\d+)?)?)? ?(Z|[+-]\d{2}(?::?\d{2})?)?)?"
)


@dataclass(frozen=True)
class Stamps:
    """Time stamps as they are written: each row is in one of the two arrays and NaT in the other.

    Attributes:
        local: `[N]` datetime64[ns], written without an offset.
        utc: `[N]` datetime64[ns], written with one.
    """

    local: np.ndarray
    utc: np.ndarray


def read_names(file: str, column: pa.ChunkedArray, title: str, first_row: int = 0) -> np.ndarray:
    """Cells that name something, `[N]` str without space around them.

    Raises:
        ReadingsError: A cell is empty, or the column holds neither text nor whole numbers.
    """
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not (_is_text(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind)):
        raise ReadingsError(f"{file}: the column {title!r} holds {kind}, not names.", "Store it as text.")
    codes, names = pd.factorize(column.cast(pa.string()).fill_null("").to_pandas())
    cells = np.array([str(name).strip() for name in names], dtype=object)[codes]
    mend = "Fill it in, or leave these rows out."
    refuse_rows(file, cells == "", f"nothing in the column {title!r}", cells, mend, first_row)
    return cells


def read_values(file: str, column: pa.ChunkedArray, title: str, first_row: int = 0) -> np.ndarray:
    """Measured values, `[N]` float64; NaN where a cell is empty or says NaN, NA, null or none: no reading.

    Raises:
        ReadingsError: A cell is no finite number.
    """
    if pa.types.is_null(column.type):
        return np.full(len(column), np.nan)
    if not _is_text(column.type):
        if not (
            pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type)
        ):
            raise ReadingsError(f"{file}: the column {title!r} holds {column.type}.", "Store numbers in it.")
        cells = column.cast(pa.float64()).to_pandas()
        values = cells.to_numpy(np.float64, copy=True)
        unreadable = np.isinf(values)
    else:
        cells = column.fill_null("").to_pandas()
        values = pd.to_numeric(cells, errors="coerce").to_numpy(np.float64, copy=True)
        unreadable = ~np.isfinite(values)
        rows = np.flatnonzero(unreadable)
        unreadable[rows] = ~cells.iloc[rows].str.strip().str.lower().isin(_NO_READING).to_numpy(bool)
    mend = "Write numbers with a decimal point and no thousands separator; leave the cell empty where there is none."
    refuse_rows(file, unreadable, f"no number in the column {title!r}", cells.to_numpy(), mend, first_row)
    return values


def read_stamps(file: str, column: pa.ChunkedArray, title: str, first_row: int = 0) -> Stamps:
    """Time stamps, ISO 8601 where they are text.

    Raises:
        ReadingsError: A cell is no time stamp.
    """
    mend = "Write stamps like 2024-03-31 02:00 or 2024-03-31T02:00+01:00."
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        zone = getattr(kind, "tz", None)
        try:
            times = column.cast(pa.timestamp("ns", zone)).cast(pa.timestamp("ns")).to_numpy()
        except pa.ArrowInvalid as error:
            raise ReadingsError(f"{file}: the column {title!r} has a stamp out of range: {error}.", mend) from error
        refuse_rows(file, np.isnat(times), f"no time stamp in the column {title!r}", times, mend, first_row)
        nothing = np.full(len(times), np.datetime64("NaT", "ns"))
        return Stamps(nothing, times) if zone else Stamps(times, nothing)
    if not (_is_text(kind) or pa.types.is_null(kind)):
        raise ReadingsError(f"{file}: the column {title!r} holds {kind}, not time stamps.", mend)
    codes, cells = pd.factorize(column.cast(pa.string()).fill_null("").to_pandas())
    local, utc = _parse([str(cell).strip() for cell in cells])
    unreadable = (np.isnat(local) & np.isnat(utc))[codes]
    if unreadable.any():
        fault = f"no ISO 8601 stamp in the column {title!r}"
        refuse_rows(file, unreadable, fault, np.asarray(cells)[codes], mend, first_row)
    return Stamps(local[codes], utc[codes])


def read_versions(file: str, column: pa.ChunkedArray, title: str, first_row: int = 0) -> tuple[np.ndarray, str]:
    """Versions, `[N]` int64, and their kind.

    Returns:
        Whole numbers as they are, of the kind `number`, or time stamps as microseconds since 1970, of the kind `stamp`.

    Raises:
        ReadingsError: A cell is neither.
    """
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        numbers = column.to_pandas()
        whole = numbers.notna() & (numbers % 1 == 0) & (numbers.abs() < _LARGEST_VERSION)
        fault = f"no version in the column {title!r}"
        mend = "Write whole numbers below 1e18, or time stamps, and leave none empty."
        refuse_rows(file, ~whole.to_numpy(bool), fault, numbers.to_numpy(), mend, first_row)
        return numbers.to_numpy().astype(np.int64), "number"
    if _is_text(column.type):
        cells = column.fill_null("").to_pandas().str.strip()
        if cells.str.fullmatch(r"-?\d{1,18}").all():
            return cells.astype(np.int64).to_numpy(), "number"
    stamps = read_stamps(file, column, title, first_row)
    times = np.where(np.isnat(stamps.utc), stamps.local, stamps.utc)
    return times.astype("datetime64[us]").astype(np.int64), "stamp"


def _parse(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    matches = [_STAMP.fullmatch(text) for text in texts]
    with_offset = np.array([bool(match and match[1]) for match in matches], dtype=bool)
    without_offset = np.array([bool(match and not match[1]) for match in matches], dtype=bool)
    series = pd.Series(texts, dtype=object)
    local = pd.to_datetime(series.where(without_offset), format="ISO8601", errors="coerce")
    utc = pd.to_datetime(series.where(with_offset), format="ISO8601", errors="coerce", utc=True).dt.tz_localize(None)
    return local.to_numpy("datetime64[ns]"), utc.to_numpy("datetime64[ns]")


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)
