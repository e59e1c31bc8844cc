"""What a detector reads of a forecast is what a forecaster would read as the judged day begins."""

from dataclasses import replace

import numpy as np
import pytest

from metrify.anomaly.meter_days import MeterDays
from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.before_day import day_calendar, day_readings, history_rest_day, history_window
from metrify.features.calendar import horizon_calendar, window_rest_day
from metrify.features.specification import load_window
from metrify.features.window_gaps import fill_window_gaps
from metrify.features.windows import cut_windows

from .made_up_days import DAY, make_up_days

DAYS = 120  # clocks change on 31 March, the 91st day


@pytest.fixture(scope="module")
def days() -> MeterDays:
    made_up = make_up_days(2, DAYS)
    gaps = np.random.default_rng(0).random(made_up.matrix.kwh.shape) < 0.05
    return made_up.with_kwh(np.where(gaps, np.float32(np.nan), made_up.matrix.kwh))


def judged(days: MeterDays) -> FeatureBatch:
    return days.batch(*(index.ravel() for index in np.indices(days.shape)))


def forecast(days: MeterDays) -> FeatureBatch:
    """Windows that end where the judged days begin, as the forecaster's own way cuts and fills them."""
    windows = cut_windows(days.matrix, days.begins, 28 * DAY).reshape(-1, 28 * DAY)
    origins = np.tile(days.begins.tz_localize(None).to_numpy().astype("datetime64[s]"), days.shape[0])
    context = FeatureContext(28 * DAY, DAY, 60, days.context.timezone, days.context.country)
    batch = FeatureBatch(windows, origins, context)
    return replace(batch, windows=fill_window_gaps(batch))


@pytest.mark.parametrize(
    ("of_day", "of_forecast"),
    [(history_window, load_window), (history_rest_day, window_rest_day), (day_calendar, horizon_calendar)],
)
def test_a_forecaster_would_read_the_same_as_the_day_begins(
    days: MeterDays, of_day: object, of_forecast: object
) -> None:
    computed, expected = of_day(judged(days)), of_forecast(forecast(days))  # type: ignore[operator]
    assert computed.dtype == np.float32 and np.isfinite(computed).all()
    np.testing.assert_array_equal(computed, expected)


def test_the_readings_are_those_of_the_day_with_its_gaps(days: MeterDays) -> None:
    readings = day_readings(judged(days)).reshape(*days.shape, DAY)
    first, last = days.columns
    np.testing.assert_array_equal(readings[1, 0], days.matrix.kwh[1, first : first + DAY])
    np.testing.assert_array_equal(readings[1, -1], days.matrix.kwh[1, last - DAY : last])
    assert np.isnan(readings).any()


def test_nothing_of_the_day_is_in_its_history(days: MeterDays) -> None:
    _, last = days.columns
    other = days.matrix.kwh.copy()
    other[:, last - DAY : last] = 99
    changed = judged(days.with_kwh(other))
    before = history_window(judged(days)).reshape(*days.shape, -1)
    np.testing.assert_array_equal(history_window(changed).reshape(*days.shape, -1)[:, -1], before[:, -1])
    assert (day_readings(changed).reshape(*days.shape, DAY)[:, -1] == 99).all()


def test_a_history_of_which_too_little_is_there_stays_missing() -> None:
    days = make_up_days(1, 29)
    kwh = days.matrix.kwh.copy()
    kwh[0, : 20 * DAY] = np.nan
    assert np.isnan(history_window(judged(days.with_kwh(kwh)))).any()
