"""A CSV or Parquet file of any utility as a dataset. Nothing is filled in, and what is left out is counted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import holidays
import numpy as np
import pandas as pd

from metrify.errors import ReadingsError
from metrify.readings.dataset import Dataset, DatasetInfo
from metrify.readings.schema import LARGEST_KWH, READINGS_COLUMNS
from metrify.readings.sources.local_time import resolve_local_times
from metrify.readings.sources.table_cells import Stamps, read_names, read_stamps, read_values, refuse_rows
from metrify.readings.sources.table_file import read_columns
from metrify.readings.sources.table_meters import METER_COLUMNS, read_meters
from metrify.units import intervals_per_day, kwh_factor


@dataclass(frozen=True)
class TableSource:
    """Where a table lies and what its cells mean.

    Attributes:
        path: CSV or Parquet file with one reading a row.
        name: Name of the dataset.
        columns: Our column name (meter_id, timestamp, kwh, group, district) to the file's, where they differ.
        timezone: IANA name of the local time of the calendar, and of stamps that have no offset.
        unit: Unit of the values, one of `metrify.units.UNITS`.
        resolution_minutes: Length of an interval.
        country: ISO 3166 code whose public holidays count.
        licence: Under what terms the readings may be used.
        citation: How to cite them.
        meters: CSV or Parquet file of `meter_id`, and `group` and `district` if it has them. Without it each meter is
            a group of its own in no district.
    """

    path: Path
    name: str
    columns: Mapping[str, str] = field(default_factory=dict)
    timezone: str = "Europe/London"
    unit: str = "kWh"
    resolution_minutes: int = 60
    country: str = "GB"
    licence: str = "not stated"
    citation: str = "not stated"
    meters: Path | None = None


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
    step = pd.Timedelta(days=1) / intervals_per_day(source.resolution_minutes)
    factor = kwh_factor(source.unit, source.resolution_minutes)
    _check_place(source)
    titles = _titles(source)
    file = source.path.name
    table = read_columns(source.path, {ours: titles[ours] for ours in READINGS_COLUMNS})
    meter_ids = read_names(file, table["meter_id"], titles["meter_id"])
    kwh = factor * read_values(file, table["kwh"], titles["kwh"])
    is_reading = np.isfinite(kwh)
    meters, _ = pd.factorize(meter_ids)
    utc = _utc(source, titles["timestamp"], read_stamps(file, table["timestamp"], titles["timestamp"]), meters, kwh)

    readings = pd.DataFrame({"meter_id": meter_ids, "timestamp": utc, "kwh": kwh})
    if not is_reading.any():
        raise ReadingsError(f"{file} has no reading.", f"Check the column {titles['kwh']!r}.")
    _check_grid(source, titles["timestamp"], utc, is_reading, step)
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


def _titles(source: TableSource) -> dict[str, str]:
    ours = (*READINGS_COLUMNS, *METER_COLUMNS[1:])
    unknown = sorted(set(source.columns) - set(ours))
    if unknown:
        raise ReadingsError(
            f"There is no column {', '.join(map(repr, unknown))} in a dataset; it has {', '.join(ours)}.",
            "Write our name first, for instance `--column meter_id=MPAN`.",
        )
    return {name: source.columns.get(name, name) for name in ours}


def _check_place(source: TableSource) -> None:
    try:
        pd.Timestamp(0, tz=source.timezone)
    except (KeyError, ValueError) as error:  # pandas: ZoneInfoNotFoundError is a KeyError
        raise ReadingsError(
            f"Unknown time zone {source.timezone!r}.", "Use an IANA name such as Europe/London or UTC."
        ) from error
    if source.country not in holidays.list_supported_countries():
        raise ReadingsError(
            f"No public holidays are known of the country {source.country!r}.", "Use an ISO 3166 code such as GB or DE."
        )


def _utc(source: TableSource, title: str, stamps: Stamps, meters: np.ndarray, kwh: np.ndarray) -> np.ndarray:
    resolved = resolve_local_times(stamps.local, meters, source.timezone, source.resolution_minutes)
    is_reading = np.isfinite(kwh)  # a row without a value needs no certain time, for it is left out
    fixed = "write the offset behind each stamp, or name the fixed zone of a clock that never changes (`Etc/GMT-1`)"
    refuse_rows(
        source.path.name,
        resolved.nonexistent & is_reading,
        f"a stamp in the column {title!r} that clocks in {source.timezone} skipped",
        stamps.local,
        f"Check `--timezone`; {fixed}.",
    )
    refuse_rows(
        source.path.name,
        resolved.ambiguous & is_reading,
        f"a stamp in the column {title!r} that happened twice in {source.timezone} and does not say which",
        stamps.local,
        f"Keep each meter's rows in order and the repeated hour in full, every {source.resolution_minutes} minutes; or "
        f"{fixed}.",
    )
    return np.where(np.isnat(stamps.utc), resolved.utc, stamps.utc)


def _check_grid(source: TableSource, title: str, utc: np.ndarray, is_reading: np.ndarray, step: pd.Timedelta) -> None:
    first = pd.Timestamp(utc[is_reading].min(), tz="UTC").tz_convert(source.timezone).tz_localize(None)
    midnight = (
        utc[is_reading].min() - (first - first.normalize()).to_timedelta64()
    )  # forecasts start at local midnights
    with np.errstate(invalid="ignore"):
        off_grid = ((utc - midnight) % step.to_timedelta64() != np.timedelta64(0)) & is_reading
    fault = f"a stamp in the column {title!r} that is no start of a {source.resolution_minutes} minute interval"
    refuse_rows(source.path.name, off_grid, fault, utc, "Check `--resolution`, or sum the readings up before.")


def _check_unique(file: str, titles: Mapping[str, str], readings: pd.DataFrame, is_reading: np.ndarray) -> None:
    again = np.zeros(len(readings), dtype=bool)
    again[is_reading] = readings.loc[is_reading, ["meter_id", "timestamp"]].duplicated().to_numpy()
    fault = f"a {titles['meter_id']!r} and {titles['timestamp']!r} that an earlier row has"
    refuse_rows(file, again, fault, readings["timestamp"].to_numpy(), "Keep one row of each meter and interval.")
