"""The files of weather and grid status that Feast joins point-in-time.

The event of a row is when it became known: of something measured the end of its interval, of a forecast its issue. So a
join at an origin finds what was known then, whatever the rows say about later hours.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from metrify.config import Home
from metrify.features.surroundings import Surroundings
from metrify.readings.grid_status import GRID_QUANTITIES
from metrify.readings.places import FEEDER_COLUMN, STATION_COLUMN, interval_ends, interval_steps

STORED_QUANTITIES = ("temperature_c", "relative_humidity_pct", "wind_speed_m_per_s", "global_radiation_w_per_m2")
VIEWS = ("weather_observed", "weather_forecast", "grid_status")


def write_surroundings(home: Home, surroundings: Surroundings, step_minutes: int) -> dict[str, int]:
    """Replaces the files, each in one step. A file that there is nothing for goes, so that no other dataset's stays.

    Args:
        home: Where the store lies.
        surroundings: Weather and grid status; of the weather, `STORED_QUANTITIES` are written.
        step_minutes: Length of an interval of the readings.

    Returns:
        How many rows the file of each view has; views without a file are left out.
    """
    weather, grid_status = surroundings.weather, surroundings.grid_status
    tables: dict[str, pa.Table] = {}
    if weather is not None:
        is_forecast = weather["issued_at"].notna()
        observed, forecast = weather[~is_forecast], weather[is_forecast]
        tables["weather_observed"] = _observed(observed, interval_steps(observed, STATION_COLUMN, step_minutes))
        tables["weather_forecast"] = _forecast(forecast, interval_steps(forecast, STATION_COLUMN, step_minutes))
    if grid_status is not None:
        steps = interval_steps(grid_status, FEEDER_COLUMN, step_minutes)
        tables["grid_status"] = _status(grid_status, steps)
    home.feature_store.mkdir(parents=True, exist_ok=True)
    for view in VIEWS:
        replace_file(home.feature_store / f"{view}.parquet", tables.get(view))
    return {view: len(table) for view, table in tables.items() if len(table)}


def _observed(weather: pd.DataFrame, steps: Mapping[str, pd.Timedelta]) -> pa.Table:
    return pa.table(
        {
            STATION_COLUMN: pa.array(weather[STATION_COLUMN], pa.string()),
            "event_timestamp": _stamps(interval_ends(weather, STATION_COLUMN, steps)),
            **{name: pa.array(_quantity(weather, name)) for name in STORED_QUANTITIES},
        }
    )


def _forecast(weather: pd.DataFrame, steps: Mapping[str, pd.Timedelta]) -> pa.Table:
    """One row a station and issue, with the values of its intervals one after another; NaN where there is none."""
    groups = weather.sort_values("timestamp").groupby([STATION_COLUMN, "issued_at"], sort=True)
    keys = [key for key, _ in groups]
    step_of = [steps[str(station)] for station, _ in keys]
    firsts = [rows["timestamp"].iloc[0] for _, rows in groups]
    lists: dict[str, list[np.ndarray]] = {name: [] for name in STORED_QUANTITIES}
    for (_, rows), step, first in zip(groups, step_of, firsts, strict=True):
        places = ((rows["timestamp"] - first) // step).to_numpy()
        for name in STORED_QUANTITIES:
            values = np.full(places[-1] + 1, np.nan, np.float32)
            values[places] = _quantity(rows, name)
            lists[name].append(values)
    issued = pd.Series([issue for _, issue in keys], dtype="datetime64[us, UTC]")
    return pa.table(
        {
            STATION_COLUMN: pa.array([station for station, _ in keys], pa.string()),
            "event_timestamp": _stamps(issued),
            "issued_at": _seconds(issued),
            "first_interval": _seconds(pd.Series(firsts, dtype="datetime64[us, UTC]")),
            "step_minutes": pa.array([step // pd.Timedelta(minutes=1) for step in step_of], pa.int64()),
            **{name: pa.array(values, pa.list_(pa.float32())) for name, values in lists.items()},
        }
    )


def _status(status: pd.DataFrame, steps: Mapping[str, pd.Timedelta]) -> pa.Table:
    return pa.table(
        {
            FEEDER_COLUMN: pa.array(status[FEEDER_COLUMN], pa.string()),
            "event_timestamp": _stamps(interval_ends(status, FEEDER_COLUMN, steps)),
            **{name: pa.array(status[name].to_numpy(np.float32)) for name in GRID_QUANTITIES},
        }
    )


def _quantity(weather: pd.DataFrame, name: str) -> np.ndarray:
    return weather[name].to_numpy(np.float32) if name in weather else np.full(len(weather), np.nan, np.float32)


def _stamps(times: pd.Series) -> pa.Array:
    return pa.array(times.dt.as_unit("us"), pa.timestamp("us", "UTC"))


def _seconds(times: pd.Series) -> pa.Array:
    return pa.array(times.dt.tz_localize(None).to_numpy("datetime64[s]").astype(np.int64))


def replace_file(path: Path, table: pa.Table | None) -> None:
    """Puts a table into a file in one step; without rows the file goes."""
    if table is None or not len(table):
        path.unlink(missing_ok=True)
        return
    partial = path.with_name(f".{path.name}")
    try:
        pq.write_table(table, partial, compression="zstd")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
