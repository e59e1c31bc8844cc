"""The weather of an imported dataset, from a file of its own."""

from pathlib import Path

import numpy as np
import pandas as pd

from metrify.errors import ReadingsError
from metrify.readings.sources.local_time import resolve_local_times
from metrify.readings.sources.table_cells import Stamps, read_names, read_stamps, read_values
from metrify.readings.sources.table_faults import refuse_rows
from metrify.readings.sources.table_file import column_names, read_columns
from metrify.readings.weather import WEATHER_COLUMNS, check_weather, weather_step_minutes

_ONE_STATION = "station"


def read_weather(path: Path, timezone: str, resolution_minutes: int) -> pd.DataFrame:
    """Reads observed and forecast weather.

    Args:
        path: CSV or Parquet file: `timestamp`, quantities with their unit in the name such as `temperature_c`, and if
            there are several stations or forecasts, `station_id` and `issued_at` (empty where the row was observed).
        timezone: IANA name of the local time of stamps without an offset.
        resolution_minutes: Length of an interval of the readings; the weather's is the same or a multiple of it.

    Returns:
        Weather that keeps its contract, sorted.

    Raises:
        DatasetError: The file is missing or unreadable.
        ReadingsError: A column or cell does not fit; one line names column, count, an example and the mend.
    """
    names = column_names(path)
    quantities = [name for name in names if name not in WEATHER_COLUMNS]
    optional = ("station_id", "issued_at")
    table = read_columns(path, {name: name for name in (*WEATHER_COLUMNS, *quantities)}, optional)
    file, rows = path.name, len(table)
    station = np.full(rows, _ONE_STATION, dtype=object)
    if "station_id" in names:
        station = read_names(file, table["station_id"], "station_id")
    stations, _ = pd.factorize(station)
    times = _utc(file, "timestamp", read_stamps(file, table["timestamp"], "timestamp"), stations, timezone)
    issued = np.full(rows, np.datetime64("NaT", "us"))
    if "issued_at" in names:
        column = table["issued_at"].to_pandas()
        forecast = (column.notna() & (column.astype(str).str.strip() != "")).to_numpy()
        stamps = read_stamps(file, table["issued_at"].filter(forecast), "issued_at")
        issued[forecast] = _utc(file, "issued_at", stamps, stations[forecast], timezone)
    weather = pd.DataFrame(
        {
            "station_id": station,
            "timestamp": pd.DatetimeIndex(times, tz="UTC"),
            "issued_at": pd.DatetimeIndex(issued, tz="UTC"),
            **{name: read_values(file, table[name], name).astype(np.float32) for name in quantities},
        }
    )
    _refuse_other_steps(file, weather, resolution_minutes)
    return check_weather(weather.sort_values(list(WEATHER_COLUMNS), ignore_index=True))


def add_weather(known: pd.DataFrame | None, new: pd.DataFrame) -> pd.DataFrame:
    """Both together; of a row that is in both, the new one."""
    if known is None:
        return new
    joined = pd.concat([new, known], ignore_index=True).drop_duplicates(list(WEATHER_COLUMNS))
    return check_weather(joined.sort_values(list(WEATHER_COLUMNS), ignore_index=True))


def _utc(file: str, title: str, stamps: Stamps, stations: np.ndarray, timezone: str) -> np.ndarray:
    resolved = resolve_local_times(stamps.local, stations, timezone, 60)
    utc = np.where(np.isnat(stamps.utc), resolved.utc, stamps.utc)
    fault = f"a stamp in the column {title!r} that clocks in {timezone} skipped or passed twice"
    mend = "Write the offset behind each stamp, for instance 2024-10-27T01:00Z."
    refuse_rows(file, np.isnat(utc), fault, stamps.local, mend)
    return utc.astype("datetime64[us]")


def _refuse_other_steps(file: str, weather: pd.DataFrame, resolution_minutes: int) -> None:
    minutes = weather_step_minutes(weather)
    if minutes is not None and minutes % resolution_minutes:
        raise ReadingsError(
            f"{file} has weather every {minutes} minutes, and the readings are of {resolution_minutes} minutes.",
            "Bring the weather to the readings' intervals, or to whole multiples of them, before.",
        )
