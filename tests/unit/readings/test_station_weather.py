"""A part of a station's weather says of later origins what the whole says."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from metrify.readings.station_weather import StationWeather

START, HOUR = np.datetime64("2024-03-29T00:00", "us"), np.timedelta64(1, "h")
LOOKBACK, HORIZON, HOURS = 24, 12, 120


def draw_station(seed: int) -> StationWeather:
    """Hourly observations with gaps, and forecasts of any age and length."""
    generator = np.random.default_rng(seed)
    hours = np.flatnonzero(generator.random(HOURS) < 0.9)
    frames = [pd.DataFrame({"hour": hours, "issued": -1})]
    for issue in generator.choice(HOURS, 15, replace=False):
        ahead = np.arange(issue, issue + generator.integers(2, 40))
        frames.append(pd.DataFrame({"hour": ahead[generator.random(len(ahead)) < 0.9], "issued": issue}))
    rows = pd.concat(frames, ignore_index=True)
    issued = START + rows["issued"].to_numpy() * HOUR
    issued[rows["issued"] < 0] = np.datetime64("NaT")
    weather = pd.DataFrame(
        {
            "timestamp": pd.DatetimeIndex(START + rows["hour"].to_numpy() * HOUR, tz="UTC"),
            "issued_at": pd.DatetimeIndex(issued, tz="UTC"),
            "temperature_c": generator.normal(10, 5, len(rows)).astype(np.float32),
        }
    )
    return StationWeather.from_rows(weather, ("temperature_c",), 60)


@given(st.integers(0, 2**16), st.integers(0, HOURS - HORIZON), st.integers(0, HOURS))
@settings(max_examples=60)
def test_a_part_says_of_its_origins_what_the_whole_says(seed: int, first: int, ahead: int) -> None:
    whole = draw_station(seed)
    last = min(first + ahead, HOURS - HORIZON)
    part = whole.between(START + first * HOUR, START + (last + HORIZON) * HOUR, LOOKBACK * HOUR)
    origins = START + np.arange(first, last + 1) * HOUR
    expected, found = (weather.known_at(origins, LOOKBACK, HORIZON, 60) for weather in (whole, part))
    np.testing.assert_array_equal(found.observed, expected.observed)
    np.testing.assert_array_equal(found.forecast, expected.forecast)
    np.testing.assert_array_equal(found.issued_at, expected.issued_at)


def test_what_no_later_origin_asks_for_is_left_out() -> None:
    whole = draw_station(0)
    part = whole.between(START + 96 * HOUR, START + 108 * HOUR, LOOKBACK * HOUR)
    assert part.observed_starts.min() == START + 72 * HOUR
    assert part.forecast_ends.min() > START + 96 * HOUR
    early = part.issued_at <= START + 96 * HOUR
    assert len(np.unique(part.forecast_starts[early])) == early.sum() < (whole.issued_at <= START + 96 * HOUR).sum()
