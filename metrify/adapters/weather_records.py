"""What a server needs of the weather online: whose station is whose, and a record of each station's recent weather.

A record holds intervals with the time at which each value became known, so a server asks it for what was known at any
recent origin by the function that training uses. One read gives all of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from metrify.adapters.feature_repository import (
    STATION_VIEW,
    WEATHER_VIEW,
    another_version,
    open_store,
    redis_errors_told,
)
from metrify.adapters.surroundings_files import replace_file
from metrify.config import Home
from metrify.features.model_features import model_columns
from metrify.features.surroundings import Surroundings
from metrify.readings.places import STATION_COLUMN, places_where_known
from metrify.readings.station_weather import StationWeather

RECENT_DAYS = 14  # how far before the end of the online windows an origin may lie
AHEAD_DAYS = 31  # how far after it
_TIMES = ("observed_starts", "observed_ends", "forecast_starts", "forecast_ends", "issued_at")
_VALUES = ("observed", "forecast")
FIELDS = ("quantities", *_TIMES, *_VALUES)


@dataclass(frozen=True)
class OnlineSpan:
    """Where the online windows end, and how they are made.

    Attributes:
        until: UTC.
        lookback: Intervals of a window.
        step_minutes: Length of an interval of the readings.
    """

    until: pd.Timestamp
    lookback: int
    step_minutes: int


def write_weather_records(home: Home, surroundings: Surroundings, span: OnlineSpan) -> dict[str, int]:
    """Replaces the files of records and of the meters' stations; they go where there is no weather that models read.

    Args:
        home: Where the store lies.
        surroundings: Weather and meters.
        span: Which part of the weather origins may ask for.

    Returns:
        How many rows the file of each view has; views without a file are left out.

    Raises:
        ReadingsError: The weather's intervals don't fit the readings'.
    """
    tables: dict[str, pa.Table] = {}
    weather, meters = surroundings.weather, surroundings.meters
    columns = tuple(name for name in model_columns() if weather is not None and name in weather)
    if weather is not None and meters is not None and columns:
        tables = {WEATHER_VIEW: _records(weather, columns, span), STATION_VIEW: _stations(weather, meters, span)}
    home.feature_store.mkdir(parents=True, exist_ok=True)
    for view in (WEATHER_VIEW, STATION_VIEW):
        replace_file(home.feature_store / f"{view}.parquet", tables.get(view))
    return {view: len(table) for view, table in tables.items() if len(table)}


def _records(weather: pd.DataFrame, columns: tuple[str, ...], span: OnlineSpan) -> pa.Table:
    until = span.until.tz_convert("UTC").tz_localize(None).to_datetime64()
    first, last = until - np.timedelta64(RECENT_DAYS, "D"), until + np.timedelta64(AHEAD_DAYS, "D")
    window = span.lookback * np.timedelta64(span.step_minutes, "m")
    names, rows = [], []
    for name, of_station in weather.groupby(STATION_COLUMN):
        whole = StationWeather.from_rows(of_station, columns, span.step_minutes)
        names.append(str(name))
        rows.append(_to_row(whole.between(first, last, window)))
    fields: dict[str, pa.DataType] = {"quantities": pa.string()}
    fields |= dict.fromkeys(_TIMES, pa.int64()) | dict.fromkeys(_VALUES, pa.float32())
    lists = {field: pa.array([row[field] for row in rows], pa.list_(kind)) for field, kind in fields.items()}
    return pa.table({STATION_COLUMN: pa.array(names, pa.string()), "event_timestamp": _at(span, len(rows)), **lists})


def _stations(weather: pd.DataFrame, meters: pd.DataFrame, span: OnlineSpan) -> pa.Table:
    stations = places_where_known(STATION_COLUMN, meters["meter_id"].to_numpy(), meters, weather[STATION_COLUMN])
    names = pa.array(meters["meter_id"], pa.string())
    columns = {
        "meter_id": names,
        "event_timestamp": _at(span, len(names)),
        STATION_COLUMN: pa.array(stations, pa.string()),
    }
    return pa.table(columns)


def _at(span: OnlineSpan, rows: int) -> pa.Array:
    stamps = pd.DatetimeIndex([span.until] * rows).as_unit("us")
    return pa.array(stamps, pa.timestamp("us", "UTC"))


def _to_row(weather: StationWeather) -> dict[str, Any]:
    times = {name: getattr(weather, name).astype("datetime64[us]").astype(np.int64) for name in _TIMES}
    return {"quantities": list(weather.columns), **times, **{name: getattr(weather, name).ravel() for name in _VALUES}}


def _from_row(row: Mapping[str, Any]) -> StationWeather:
    columns = tuple(row["quantities"])
    times = {name: np.array(row[name] or [], np.int64).astype("datetime64[us]") for name in _TIMES}
    values = {name: np.array(row[name] or [], np.float32).reshape(-1, len(columns)) for name in _VALUES}
    return StationWeather(columns, **times, **values)


class WeatherRecordReader:
    """Reads records from the online store, through Feast, off the request path.

    Args:
        home: Where the store lies.

    Raises:
        FeatureStoreError: Nothing was materialised there yet, or by another version of Metrify.
    """

    def __init__(self, home: Home) -> None:
        self._store = open_store(home)
        if WEATHER_VIEW not in {view.name for view in self._store.list_feature_views()}:
            raise another_version()

    def read(self, stations: Sequence[str]) -> dict[str, StationWeather]:
        """The records of stations; those that the store has none of are left out.

        Raises:
            FeatureStoreError: The online store does not answer.
        """
        features = [f"{WEATHER_VIEW}:{name}" for name in FIELDS]
        with redis_errors_told():
            rows = [{STATION_COLUMN: station} for station in stations]
            answer = self._store.get_online_features(features=features, entity_rows=rows).to_dict()
        found = (
            dict(zip(FIELDS, values, strict=True)) for values in zip(*(answer[name] for name in FIELDS), strict=True)
        )
        return {station: _from_row(row) for station, row in zip(stations, found, strict=True) if row["quantities"]}
