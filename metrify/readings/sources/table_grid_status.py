"""The grid status of an imported dataset, from a file of its own."""

from pathlib import Path

import numpy as np
import pandas as pd

from metrify.errors import ReadingsError
from metrify.readings.grid_status import GRID_QUANTITIES, GRID_STATUS_COLUMNS, check_grid_status
from metrify.readings.places import FEEDER_COLUMN
from metrify.readings.sources.table_cells import read_names, read_stamps, read_values
from metrify.readings.sources.table_file import read_columns
from metrify.readings.sources.table_stamps import refuse_no_rows, refuse_other_steps, refuse_twins, utc_stamps

_ONE_FEEDER = "feeder"
_KEY = [FEEDER_COLUMN, "timestamp"]


def read_grid_status(path: Path, timezone: str, resolution_minutes: int) -> pd.DataFrame:
    """Reads the measured status of feeders.

    Args:
        path: CSV or Parquet file: `timestamp`, `loading_percent` or `voltage_pu` or both, and if there are several
            feeders, `feeder_id`.
        timezone: IANA name of the local time of stamps without an offset.
        resolution_minutes: Length of an interval of the readings; the status's is the same or a multiple of it.

    Returns:
        Grid status that keeps its contract, sorted; NaN where there is no value.

    Raises:
        DatasetError: The file is missing or unreadable.
        ReadingsError: A column or cell does not fit; one line names column, count, an example and the mend.
    """
    optional = (FEEDER_COLUMN, *GRID_QUANTITIES)
    table = read_columns(path, {name: name for name in GRID_STATUS_COLUMNS}, optional, may_be_named=False)
    file, rows = path.name, len(table)
    refuse_no_rows(file, rows, "`--grid-status`")
    if not set(GRID_QUANTITIES) & set(table.column_names):
        raise ReadingsError(
            f"{file} has neither {' nor '.join(GRID_QUANTITIES)}.", "Give one of these columns its name in the file."
        )
    feeders = np.full(rows, _ONE_FEEDER, dtype=object)
    if FEEDER_COLUMN in table.column_names:
        feeders = read_names(file, table[FEEDER_COLUMN], FEEDER_COLUMN)
    stamps = read_stamps(file, table["timestamp"], "timestamp")
    times = utc_stamps(file, "timestamp", stamps, pd.factorize(feeders)[0], timezone, resolution_minutes)
    status = pd.DataFrame({FEEDER_COLUMN: feeders, "timestamp": pd.DatetimeIndex(times, tz="UTC")})
    for name in GRID_QUANTITIES:
        is_there = name in table.column_names
        values = read_values(file, table[name], name) if is_there else np.full(rows, np.nan)
        status[name] = values.astype(np.float32)
    refuse_twins(file, status[_KEY])
    refuse_other_steps(f"The grid status in {file}", status["timestamp"], status[FEEDER_COLUMN], resolution_minutes)
    return check_grid_status(status.sort_values(_KEY, ignore_index=True))


def add_grid_status(known: pd.DataFrame | None, new: pd.DataFrame) -> pd.DataFrame:
    """Both together; of a row that is in both, the new one."""
    if known is None:
        return new
    joined = pd.concat([new, known], ignore_index=True).drop_duplicates(_KEY)
    return check_grid_status(joined.sort_values(_KEY, ignore_index=True))
