"""A CSV or Parquet file of any utility as a dataset. Nothing is filled in, and what is left out is counted."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from metrify.errors import ReadingsError
from metrify.readings.dataset import Dataset, DatasetInfo
from metrify.readings.schema import LARGEST_KWH, READINGS_COLUMNS
from metrify.readings.sources.table_cells import read_names, read_stamps, read_values, refuse_rows
from metrify.readings.sources.table_file import read_columns
from metrify.readings.sources.table_meters import read_meters
from metrify.readings.sources.table_source import TableSource
from metrify.readings.sources.table_times import utc_times
from metrify.units import intervals_per_day, kwh_factor

__all__ = ["ImportedTable", "TableSource", "read_table"]


@dataclass(frozen=True)
class ImportedTable:
    """A table as a dataset, and what is not in it.

    Attributes:
        dataset: Readings sorted by meter and time.
        missing: Rows without a value; there is no reading there.
        silent_meters: Meters of the meters file that have no reading.
    """

    dataset: Dataset
    missing: int
    silent_meters: int


def read_table(source: TableSource) -> ImportedTable:
    """Reads a table.

    Raises:
        DatasetError: A file is missing or unreadable.
        ReadingsError: A column, unit, time zone, stamp or value does not fit; one line names column, count, an example
            and the mend.
    """
    intervals_per_day(source.resolution_minutes)  # refuses one that does not divide a day
    factor = kwh_factor(source.unit, source.resolution_minutes)
    source.check_place()
    file, titles = source.path.name, source.titles
    table = read_columns(source.path, {ours: titles[ours] for ours in READINGS_COLUMNS})
    meter_ids = read_names(file, table["meter_id"], titles["meter_id"])
    kwh = factor * read_values(file, table["kwh"], titles["kwh"])
    is_reading = np.isfinite(kwh)
    meters, _ = pd.factorize(meter_ids)
    stamps = read_stamps(file, table["timestamp"], titles["timestamp"])
    utc = utc_times(source, stamps, meters, is_reading)

    readings = pd.DataFrame({"meter_id": meter_ids, "timestamp": utc, "kwh": kwh})
    if not is_reading.any():
        raise ReadingsError(f"{file} has no reading.", f"Check the column {titles['kwh']!r}.")
    _check_unique(file, titles, readings, is_reading)
    too_large = np.abs(kwh) > LARGEST_KWH
    fault = f"more than {LARGEST_KWH:g} kWh in the column {titles['kwh']!r}"
    refuse_rows(file, too_large, fault, kwh, "Check `--unit`, or leave these rows out.")

    readings = readings[is_reading].sort_values(["meter_id", "timestamp"], ignore_index=True)
    readings["timestamp"] = readings["timestamp"].dt.tz_localize("UTC").dt.as_unit("us")
    readings["kwh"] = readings["kwh"].astype(np.float32)
    listed, silent = read_meters(source.meters, titles, readings["meter_id"].unique())
    info = DatasetInfo(
        source.name, source.resolution_minutes, source.timezone, source.country, source.licence, source.citation
    )
    return ImportedTable(Dataset(info, readings, listed), int((~is_reading).sum()), silent)


def _check_unique(file: str, titles: Mapping[str, str], readings: pd.DataFrame, is_reading: np.ndarray) -> None:
    again = np.zeros(len(readings), dtype=bool)
    again[is_reading] = readings.loc[is_reading, ["meter_id", "timestamp"]].duplicated().to_numpy()
    fault = f"a {titles['meter_id']!r} and {titles['timestamp']!r} that an earlier row has"
    refuse_rows(file, again, fault, readings["timestamp"].to_numpy(), "Keep one row of each meter and interval.")
