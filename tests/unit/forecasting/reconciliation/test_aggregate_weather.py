"""The weather of sums over meters."""

from dataclasses import replace

import numpy as np

from metrify.forecasting.reconciliation import build_hierarchy
from metrify.forecasting.reconciliation.aggregate_weather import weather_of_series
from metrify.readings.known import KnownWeather

HIERARCHY = build_hierarchy(np.array(["a", "b", "c"]), np.array(["f", "f", "g"]))  # total, f, g and the meters
ISSUED = np.datetime64("2024-03-01T00:00", "us")


def known(*degrees: float) -> KnownWeather:
    """Constant weather of meters, of which the first has the oldest forecast."""
    values = np.array(degrees, np.float32)[:, None, None]
    issued = ISSUED + np.arange(len(degrees))[:, None] * np.timedelta64(1, "h")
    return KnownWeather(
        ("temperature_c",), np.repeat(values, 4, 1), np.repeat(values + 1, 2, 1), np.repeat(issued, 2, 1)
    )


def test_a_sum_has_the_weather_of_its_meters_station_to_the_bit() -> None:
    rng = np.random.default_rng(0)
    shared = known(0, 0, 0)
    shared = replace(shared, observed=np.repeat(rng.normal(10, 9, (1, 4, 1)).astype(np.float32), 3, axis=0))
    of_all = weather_of_series(HIERARCHY, shared)
    np.testing.assert_array_equal(of_all.observed, np.repeat(shared.observed[:1], 6, axis=0))
    assert of_all.observed.dtype == np.float32
    assert of_all.columns == shared.columns


def test_meters_of_several_stations_have_their_mean() -> None:
    of_all = weather_of_series(HIERARCHY, known(1, 4, 7))
    assert of_all.observed[:, 0, 0].tolist() == [4, 2.5, 7, 1, 4, 7]
    assert of_all.forecast[:, 1, 0].tolist() == [5, 3.5, 8, 2, 5, 8]
    assert ((of_all.issued_at[:, 0] - ISSUED) / np.timedelta64(1, "h")).tolist() == [0, 0, 2, 0, 1, 2]


def test_what_is_not_known_of_a_meter_does_not_count_and_is_never_made_up() -> None:
    weather = known(np.nan, 4, np.nan)
    weather.issued_at[[0, 2]] = np.datetime64("NaT")
    of_all = weather_of_series(HIERARCHY, weather)
    np.testing.assert_array_equal(of_all.observed[:, 0, 0], np.float32([4, 4, np.nan, np.nan, 4, np.nan]))
    assert np.isnat(of_all.issued_at[:, 0]).tolist() == [False, False, True, True, False, True]
