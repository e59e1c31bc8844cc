"""Reads files that are pushed to the feature store: windows of meters, or new readings of them."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from metrify.adapters.materialised_readings import StoredPlace
from metrify.errors import UsageError
from metrify.readings.schema import LARGEST_KWH, READINGS_COLUMNS
from metrify.readings.sources.table_cells import read_names, read_stamps
from metrify.readings.sources.table_faults import refuse_rows
from metrify.readings.sources.table_file import read_columns
from metrify.readings.sources.table_rows import iterate_rows
from metrify.readings.sources.table_source import TableSource

WINDOW_COLUMNS = ("meter_id", "window_end", "load_window")
_SECONDS_PER_MINUTE = 60
_OFFSET_MEND = "Write the offset behind it, such as 2024-03-31T02:00+01:00."


def read_pushed_readings(
    path: Path, columns: Mapping[str, str], place: StoredPlace, now: pd.Timestamp
) -> tuple[pd.DataFrame, int]:
    """Reads a CSV or Parquet file of `meter_id`, `timestamp` (with its offset) and `kwh`.

    Args:
        path: The file.
        columns: Our name of a column to the file's, where they differ.
        place: Of the stored windows.
        now: UTC; an interval that ends later is refused.

    Returns:
        `meter_id` as the file has it, `timestamp` (UTC, start of the interval) and `kwh`, and how many rows had no
        value and were left out.

    Raises:
        DatasetError: The file is missing or unreadable.
        ReadingsError: A column is missing, or a cell does not fit.
        UsageError: `columns` names one that is not read.
    """
    _require_columns(columns, READINGS_COLUMNS)
    source = TableSource(path, path.stem, columns, resolution_minutes=place.resolution_minutes)
    title, step = source.titles["timestamp"], np.timedelta64(place.resolution_minutes, "m")
    parts = []
    for rows in iterate_rows(source):
        begins = _with_offset(path.name, rows.stamps.utc, rows.stamps.local, title, rows.first_row)
        future = _later(begins + step, now)
        mend = "Check the clock of the meter; what has not happened can't be stored."
        fault = f"an interval in the column {title!r} that is not over"
        refuse_rows(path.name, future, fault, begins, mend, rows.first_row)
        parts.append(pd.DataFrame({"meter_id": rows.meter_ids, "timestamp": begins, "kwh": rows.value}))
    readings = pd.concat(parts, ignore_index=True)
    kept = readings.dropna(subset=["kwh"])
    return kept, len(readings) - len(kept)


def read_pushed_windows(
    path: Path, columns: Mapping[str, str], lookback: int, place: StoredPlace | None, now: pd.Timestamp
) -> tuple[list[str], pd.DatetimeIndex, np.ndarray]:
    """Reads a CSV or Parquet file of `meter_id`, `window_end` (with its offset) and `load_window`.

    Args:
        path: The file; a window is a list in Parquet, and a JSON list in CSV. Null or NaN is a missing reading.
        columns: Our name of a column to the file's, where they differ.
        lookback: Intervals of a window.
        place: Of the stored windows, on whose grid the ends have to lie; None where nothing was materialised.
        now: UTC; a window that ends later is refused.

    Returns:
        `[N]` meters as the file has them, `[N]` ends (UTC) and `[N, lookback]` float32 kWh.

    Raises:
        DatasetError: The file is missing or unreadable.
        ReadingsError: A column is missing, or a cell does not fit.
        UsageError: `columns` names one that is not read.
    """
    _require_columns(columns, WINDOW_COLUMNS)
    titles = {name: columns.get(name, name) for name in WINDOW_COLUMNS}
    table = read_columns(path, titles)
    meters = read_names(path.name, table["meter_id"], titles["meter_id"])
    stamps = read_stamps(path.name, table["window_end"], titles["window_end"])
    ends = _with_offset(path.name, stamps.utc, stamps.local, titles["window_end"], 0)
    future = f"an end in the column {titles['window_end']!r} that has not come yet"
    refuse_rows(path.name, _later(ends, now), future, ends, "Store what was measured.")
    if place is not None:
        seconds = ends.astype(np.int64) - int(place.online_until.timestamp())
        off_grid = seconds % (_SECONDS_PER_MINUTE * place.resolution_minutes) != 0
        fault = (
            f"an end in the column {titles['window_end']!r} within an interval of {place.resolution_minutes} minutes"
        )
        refuse_rows(path.name, off_grid, fault, ends, "End windows where an interval ends.")
    cells = table["load_window"].to_pylist()
    lists = cells if pa.types.is_nested(table["load_window"].type) else [_parse_list(cell) for cell in cells]
    windows = np.full((len(lists), lookback), np.nan, np.float32)
    fits = np.array([_fill(window, cell) for window, cell in zip(windows, lists, strict=True)], bool)
    fault = f"no list of {lookback} numbers in the column {titles['load_window']!r}"
    mend = f"Give each meter {lookback} values of kWh, oldest first, and null where a reading is missing."
    refuse_rows(path.name, ~fits, fault, [str(cell)[:40] for cell in cells], mend)
    too_large = np.asarray((np.abs(windows) > LARGEST_KWH).any(axis=1))
    fault = f"more than {LARGEST_KWH:g} kWh in the column {titles['load_window']!r}"
    refuse_rows(path.name, too_large, fault, [str(cell)[:40] for cell in cells], "Check the unit; it is kWh.")
    return meters.tolist(), pd.DatetimeIndex(ends, tz="UTC"), windows


def _require_columns(columns: Mapping[str, str], known: tuple[str, ...]) -> None:
    unknown = sorted(set(columns) - set(known))
    if unknown:
        raise UsageError(
            f"There is no column {', '.join(map(repr, unknown))} to read; there are {', '.join(known)}.",
            "Write our name first, for instance `--column meter_id=MPAN`.",
        )


def _later(stamps: np.ndarray, moment: pd.Timestamp) -> np.ndarray:
    return np.asarray(stamps > _naive(moment))


def _with_offset(file: str, utc: np.ndarray, local: np.ndarray, title: str, first_row: int) -> np.ndarray:
    refuse_rows(
        file, ~np.isnat(local), f"a stamp without an offset in the column {title!r}", local, _OFFSET_MEND, first_row
    )
    return utc.astype("datetime64[s]")


def _naive(moment: pd.Timestamp) -> np.datetime64:
    return moment.tz_convert("UTC").tz_localize(None).to_datetime64().astype("datetime64[s]")


def _parse_list(cell: str | None) -> object:
    try:
        return json.loads(cell or "null")
    except json.JSONDecodeError:
        return None


def _fill(window: np.ndarray, cell: object) -> bool:
    """Fills a window with a list of its length; returns whether it is one of numbers."""
    if not isinstance(cell, list) or len(cell) != len(window):
        return False
    if not all(value is None or (isinstance(value, int | float) and not isinstance(value, bool)) for value in cell):
        return False
    window[:] = [np.nan if value is None else value for value in cell]
    return True
