"""The weather contract: what was observed, and what was forecast when.

A row is a station and the start of an interval. `issued_at` tells when a forecast became known; it is empty where the
row was observed. So whoever looks back sees what was known then, and no more. Quantities are columns with their unit in
the name, such as `temperature_c`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from metrify.errors import ReadingsError

WEATHER_FILE = "weather.parquet"
WEATHER_COLUMNS = ("station_id", "timestamp", "issued_at")
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
        ReadingsError: It names each column and what is wrong with it.
    """
    quantities = [name for name in weather.columns if name not in WEATHER_COLUMNS]
    without_unit = [name for name in quantities if not str(name).endswith(_UNITS)]
    if not quantities or without_unit:
        raise ReadingsError(
            f"The weather has quantities without a unit: {', '.join(without_unit) or 'none at all'}.",
            f"Let each column's name end in its unit: {', '.join(_UNITS)}.",
        )
    try:
        checked = WEATHER_SCHEMA.validate(weather, lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
        reasons = {f"{case.column or 'rows'}: {case.check}" for case in cases.itertuples()}
        raise ReadingsError(
            f"The weather breaks its contract in {len(cases)} place(s): {'; '.join(sorted(reasons))}.",
            "Mend the source or the import options.",
        ) from error
    return checked.astype(dict.fromkeys(quantities, np.float32))


def weather_step_minutes(weather: pd.DataFrame) -> int | None:
    """Length of an interval of the weather: the smallest distance of two stamps; None where there is one alone."""
    stamps = np.unique(weather["timestamp"].dt.tz_localize(None).to_numpy("datetime64[m]"))
    return int(np.diff(stamps).min().astype(np.int64)) if len(stamps) > 1 else None


@dataclass(frozen=True)
class KnownWeather:
    """Weather around forecast origins.

    Attributes:
        columns: `[C]` names of the quantities.
        observed: `[N, L, C]` float32, the intervals before each origin; NaN where nothing was observed.
        forecast: `[N, H, C]` float32, the intervals from each origin on, by the newest forecast that was known then;
            NaN where none was.
        issued_at: `[N, H]` datetime64[us] UTC of the forecasts; NaT where none was known.
    """

    columns: tuple[str, ...]
    observed: np.ndarray
    forecast: np.ndarray
    issued_at: np.ndarray


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
    """
    columns = tuple(name for name in weather.columns if name not in WEATHER_COLUMNS)
    step, delay = np.timedelta64(step_minutes, "m"), np.timedelta64(delay_minutes, "m")
    origins = origins.astype("datetime64[us]")
    weather_step = np.timedelta64(weather_step_minutes(weather) or step_minutes, "m")
    is_observed = weather["issued_at"].isna().to_numpy()
    times = weather["timestamp"].dt.tz_localize(None).to_numpy("datetime64[us]")
    issued = weather["issued_at"].dt.tz_localize(None).to_numpy("datetime64[us]")
    values = weather[list(columns)].to_numpy(np.float32)

    past = _start_of_interval(origins[:, None] + np.arange(-lookback, 0) * step, weather_step)
    observed = _pick(times[is_observed], values[is_observed], past)
    observed[past + weather_step + delay > origins[:, None]] = np.nan

    future = _start_of_interval(origins[:, None] + np.arange(horizon) * step, weather_step)
    forecast = np.full((*future.shape, len(columns)), np.nan, np.float32)
    issued_at = np.full(future.shape, np.datetime64("NaT", "us"))
    rows = np.flatnonzero(~is_observed)
    rows = rows[np.lexsort((issued[rows], times[rows]))]
    keys = _pairs(times[rows], issued[rows])
    # The newest forecast of each interval that had arrived: the last pair not after (interval, origin - delay).
    wanted = _pairs(future, np.broadcast_to(origins[:, None] - delay, future.shape))
    place = np.searchsorted(keys, wanted, side="right") - 1
    found = place >= 0
    found[found] = times[rows][place[found]] == future[found]
    forecast[found] = values[rows][place[found]]
    issued_at[found] = issued[rows][place[found]]
    return KnownWeather(columns, observed, forecast, issued_at)


def _start_of_interval(times: np.ndarray, step: np.timedelta64) -> np.ndarray:
    return times - (times - np.datetime64(0, "us")) % step


def _pick(times: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Values at times, NaN where there is none, `[*wanted.shape, C]`."""
    order = np.argsort(times)
    times, values = times[order], values[order]
    picked = np.full((*wanted.shape, values.shape[1]), np.nan, np.float32)
    if len(times):
        place = np.searchsorted(times, wanted).clip(max=len(times) - 1)
        found = times[place] == wanted
        picked[found] = values[place[found]]
    return picked


def _pairs(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Pairs that sort by their first and then their second time."""
    pairs = np.empty(first.shape, dtype=[("first", "i8"), ("second", "i8")])
    pairs["first"], pairs["second"] = first.astype(np.int64), second.astype(np.int64)
    return pairs
