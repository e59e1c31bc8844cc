"""What was known of the weather at the origin of each row, and what is wrong with it."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from metrify.features.batch import FeatureContext
from metrify.features.weather_gaps import weather_faults
from metrify.readings.known import KnownWeather
from metrify.readings.station_weather import StationWeather


def weather_of_rows(
    stations: Sequence[str | None],
    weathers: Mapping[str, StationWeather],
    origins: np.ndarray,
    context: FeatureContext,
    columns: tuple[str, ...],
) -> tuple[KnownWeather, list[str]]:
    """What was known, as training sees it, and the faults by row; empty texts where there are none.

    Args:
        stations: `[N]`, None where it is not known.
        weathers: What is at hand.
        origins: `[N]` datetime64[s] UTC.
        context: Lengths and resolution.
        columns: `[C]` quantities that the model reads; NaN where a station has no such quantity.
    """
    before, ahead = (len(origins), context.sequence_length), (len(origins), context.forecast_horizon)
    known = KnownWeather(
        columns,
        np.full((*before, len(columns)), np.nan, np.float32),
        np.full((*ahead, len(columns)), np.nan, np.float32),
        np.full(ahead, np.datetime64("NaT", "us")),
    )
    codes, names = pd.factorize(np.array(stations, dtype=object))
    for code, name in enumerate(names):
        if name in weathers:
            _fill(known, np.flatnonzero(codes == code), weathers[name], origins, context)
    return known, weather_faults(known, origins, stations, weathers)


def _fill(
    known: KnownWeather, rows: np.ndarray, weather: StationWeather, origins: np.ndarray, context: FeatureContext
) -> None:
    distinct, origin_of = np.unique(origins[rows], return_inverse=True)
    lengths = context.sequence_length, context.forecast_horizon, context.resolution_minutes
    found = weather.known_at(distinct, *lengths)
    known.issued_at[rows] = found.issued_at[origin_of]
    for place, column in enumerate(known.columns):
        if column in found.columns:
            there = found.columns.index(column)
            known.observed[rows, :, place] = found.observed[origin_of, :, there]
            known.forecast[rows, :, place] = found.forecast[origin_of, :, there]
