"""The weather contract: what was observed, and what was forecast when.

A row is a station and the start of an interval. `issued_at` tells when a forecast became known; it is empty where the
row was observed. So whoever looks back sees what was known then, and no more. Quantities are columns with their unit in
the name, such as `temperature_c`.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from metrify.errors import ReadingsError
from metrify.readings.broken_contract import broken_places
from metrify.readings.known import KnownWeather
from metrify.readings.places import STATION_COLUMN, iterate_places
from metrify.readings.station_weather import StationWeather

WEATHER_FILE = "weather.parquet"
WEATHER_COLUMNS = (STATION_COLUMN, "timestamp", "issued_at")
_UNITS = ("_c", "_pct", "_w_per_m2", "_m_per_s", "_deg", "_hpa", "_mm")

WEATHER_SCHEMA = pa.DataFrameSchema(
    {
        "station_id": pa.Column(str, nullable=False),
        "timestamp": pa.Column("datetime64[us, UTC]", nullable=False),
        "issued_at": pa.Column("datetime64[us, UTC]", nullable=True),
    },
    unique=["station_id", "timestamp", "issued_at"],
)


def check_weather(weather: pd.DataFrame) -> pd.DataFrame:
    """Returns the weather if it keeps the contract.

    Args:
        weather: `station_id`, `timestamp`, `issued_at` and at least one quantity.

    Raises:
        ReadingsError: It names each column and what is wrong with it, also that it has no value at all.
    """
    quantities = weather_quantities(weather)
    check_units(quantities)
    try:
        checked = WEATHER_SCHEMA.validate(weather, lazy=True)
    except SchemaErrors as error:
        raise ReadingsError(
            f"The weather breaks its contract in {broken_places(error)}.",
            "Mend the source or the import options.",
        ) from error
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused
        checked = checked.astype(dict.fromkeys(quantities, np.float32))
    _refuse_unusable_values(checked, quantities)
    return checked


def check_units(quantities: Sequence[str]) -> None:
    """Checks that there are quantities, and that the name of each ends in its unit.

    Raises:
        ReadingsError: It names those that don't.
    """
    without_unit = [name for name in quantities if not str(name).endswith(_UNITS)]
    if not quantities or without_unit:
        raise ReadingsError(
            f"The weather has quantities without a unit: {', '.join(without_unit) or 'none at all'}.",
            f"Let each column's name end in its unit: {', '.join(_UNITS)}.",
        )


def _refuse_unusable_values(weather: pd.DataFrame, quantities: Sequence[str]) -> None:
    infinite = [name for name in quantities if np.isinf(weather[name]).any()]
    if infinite:
        raise ReadingsError(
            f"The weather has infinite values in {', '.join(infinite)}.", "Leave the cells empty where there is none."
        )
    without = [name for name in quantities if weather[name].isna().all()]
    if without:
        raise ReadingsError(
            f"The weather has no value at all in {', '.join(without)}.",
            "Fill in the values, or leave the column out.",
        )


def weather_quantities(weather: pd.DataFrame) -> tuple[str, ...]:
    """Names of its quantities."""
    return tuple(name for name in weather.columns if name not in WEATHER_COLUMNS)


def weather_known_for(
    weather: pd.DataFrame,
    stations: np.ndarray,
    origins: np.ndarray,
    lookback: int,
    horizon: int,
    step_minutes: int,
    delay_minutes: int = 0,
) -> KnownWeather:
    """What was known at forecast origins of the weather of each row's own station; see `weather_known_at`.

    Args:
        weather: Rows of any stations that keep the contract.
        stations: `[N]` the station of each row; NaN all over where nothing is known of it.
        origins: `[N]` datetime64, UTC.
        lookback: Intervals before the origin.
        horizon: Intervals from the origin on.
        step_minutes: Length of an interval of the readings.
        delay_minutes: Until what was observed or issued has arrived.

    Raises:
        ReadingsError: A station's weather is not of whole multiples of the readings' intervals.
    """
    columns = weather_quantities(weather)
    rows, quantities = len(origins), len(columns)
    observed = np.full((rows, lookback, quantities), np.nan, np.float32)
    forecast = np.full((rows, horizon, quantities), np.nan, np.float32)
    issued_at = np.full((rows, horizon), np.datetime64("NaT", "us"))
    for place in iterate_places(weather, STATION_COLUMN, stations, origins):
        known = weather_known_at(place.frame, place.origins, lookback, horizon, step_minutes, delay_minutes)
        observed[place.rows] = known.observed[place.origin_of]
        forecast[place.rows] = known.forecast[place.origin_of]
        issued_at[place.rows] = known.issued_at[place.origin_of]
    return KnownWeather(columns, observed, forecast, issued_at)


def weather_known_at(
    weather: pd.DataFrame, origins: np.ndarray, lookback: int, horizon: int, step_minutes: int, delay_minutes: int = 0
) -> KnownWeather:
    """What was known of one station's weather at forecast origins.

    An observation is known when its interval is over, a forecast when it is issued; both `delay_minutes` later where
    it takes time until they arrive. Weather of longer intervals than the readings' holds for each of theirs.

    Args:
        weather: Rows of one station that keep the contract.
        origins: `[N]` datetime64, UTC.
        lookback: Intervals before the origin.
        horizon: Intervals from the origin on.
        step_minutes: Length of an interval of the readings.
        delay_minutes: Until what was observed or issued has arrived.

    Raises:
        ReadingsError: The weather is not of whole multiples of the readings' intervals.
    """
    station = StationWeather.from_rows(weather, weather_quantities(weather), step_minutes)
    return station.known_at(origins, lookback, horizon, step_minutes, delay_minutes)
