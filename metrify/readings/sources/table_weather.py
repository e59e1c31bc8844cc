"""The weather of an imported dataset, from a file of its own."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from metrify.readings.sources.table_cells import read_names, read_stamps, read_values
from metrify.readings.sources.table_file import column_names, read_columns
from metrify.readings.sources.table_stamps import refuse_no_rows, refuse_other_steps, refuse_twins, utc_stamps
from metrify.readings.weather import WEATHER_COLUMNS, check_units, check_weather

_ONE_STATION = "station"
_HOUR_MINUTES = 60  # weather's usual interval


def read_weather(path: Path, timezone: str, resolution_minutes: int) -> pd.DataFrame:
    """Reads observed and forecast weather.

    Args:
        path: CSV or Parquet file: `timestamp`, quantities with their unit in the name such as `temperature_c`, and if
            there are several stations or forecasts, `station_id` and `issued_at` (empty where the row was observed).
        timezone: IANA name of the local time of stamps without an offset.
        resolution_minutes: Length of an interval of the readings; the weather's are the same or multiples of it.

    Returns:
        Weather that keeps its contract, sorted.

    Raises:
        DatasetError: The file is missing or unreadable.
        ReadingsError: A column or cell does not fit; one line names column, count, an example and the mend.
    """
    names = column_names(path)
    quantities = [name for name in names if name not in WEATHER_COLUMNS]
    optional = ("station_id", "issued_at")
    table = read_columns(path, {name: name for name in (*WEATHER_COLUMNS, *quantities)}, optional, may_be_named=False)
    file, rows = path.name, len(table)
    refuse_no_rows(file, rows, "`--weather`")
    check_units(quantities)
    station = np.full(rows, _ONE_STATION, dtype=object)
    if "station_id" in names:
        station = read_names(file, table["station_id"], "station_id")
    issue = np.full(rows, "", dtype=object)
    if "issued_at" in names:
        issue = table["issued_at"].cast(pa.string()).fill_null("").to_pandas().str.strip().to_numpy(object)
    # Passes of a repeated hour are told apart within an issue: two issues for one hour are no two passes.
    series = pd.DataFrame({"station": station, "issue": issue}).groupby(["station", "issue"]).ngroup().to_numpy()
    stamps = read_stamps(file, table["timestamp"], "timestamp")
    times = utc_stamps(file, "timestamp", stamps, series, timezone, _HOUR_MINUTES)
    issued = np.full(rows, np.datetime64("NaT", "us"))
    forecast = issue != ""
    if forecast.any():
        stamps = read_stamps(file, table["issued_at"].filter(forecast), "issued_at")
        issued[forecast] = utc_stamps(file, "issued_at", stamps, series[forecast], timezone, _HOUR_MINUTES)
    weather = pd.DataFrame(
        {
            "station_id": station,
            "timestamp": pd.DatetimeIndex(times, tz="UTC"),
            "issued_at": pd.DatetimeIndex(issued, tz="UTC"),
            **{name: read_values(file, table[name], name) for name in quantities},
        }
    )
    refuse_twins(file, weather[list(WEATHER_COLUMNS)])
    refuse_other_steps(
        f"The weather in {file}",
        weather["timestamp"],
        weather["station_id"],
        resolution_minutes,
        weather["issued_at"],
    )
    return check_weather(weather.sort_values(list(WEATHER_COLUMNS), ignore_index=True))


def add_weather(known: pd.DataFrame | None, new: pd.DataFrame) -> pd.DataFrame:
    """Both together; of a row that is in both, the new one."""
    if known is None:
        return new
    joined = pd.concat([new, known], ignore_index=True).drop_duplicates(list(WEATHER_COLUMNS))
    return check_weather(joined.sort_values(list(WEATHER_COLUMNS), ignore_index=True))
