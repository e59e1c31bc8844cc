import numpy as np
import pytest

from metrify.errors import ConfigError
from metrify.forecasting.baselines import lagged_days, persistence_ensemble, seasonal_naive

DAY = 4  # intervals: six hours each, so that a month can be counted by hand
HORIZON = 4


def month(days: int = 28) -> np.ndarray:
    """Two meters; the first reads 100 * day + interval, the second ten times that."""
    one = (100 * np.arange(days)[:, None] + np.arange(DAY)[None, :]).reshape(1, -1)
    return np.concatenate([one, 10 * one]).astype(np.float32)


def test_seasonal_naive_is_the_same_time_a_week_ago() -> None:
    forecast = seasonal_naive(month(), HORIZON, DAY)
    assert forecast.tolist() == [[2100, 2101, 2102, 2103], [21000, 21010, 21020, 21030]]


def test_the_persistence_ensemble_is_the_mean_of_yesterday_and_four_weeks() -> None:
    # Days 27, 21, 14, 7 and 0 are read; their mean is 13.8.
    forecast = persistence_ensemble(month(), HORIZON, DAY)
    np.testing.assert_allclose(forecast[0], [1380, 1381, 1382, 1383])
    np.testing.assert_allclose(forecast[1], [13800, 13810, 13820, 13830])


def test_only_the_end_of_a_longer_window_is_read() -> None:
    longer = np.concatenate([np.full((2, 3 * DAY), -1, np.float32), month()], axis=1)
    for baseline in (seasonal_naive, persistence_ensemble):
        np.testing.assert_array_equal(baseline(longer, HORIZON, DAY), baseline(month(), HORIZON, DAY))


def test_a_shorter_horizon_is_its_beginning() -> None:
    np.testing.assert_array_equal(seasonal_naive(month(), 2, DAY), seasonal_naive(month(), HORIZON, DAY)[:, :2])


def test_beyond_its_lag_a_lagged_day_repeats() -> None:
    days = lagged_days(month(), 2 * DAY + 1, DAY, (1, 7))[0]
    assert days[0].tolist() == [2700, 2701, 2702, 2703] * 2 + [2700]
    assert days[1].tolist() == [2100, 2101, 2102, 2103, 2200, 2201, 2202, 2203, 2300]


def test_the_season_may_be_a_day() -> None:
    assert seasonal_naive(month(), HORIZON, DAY, season_days=1)[0].tolist() == [2700, 2701, 2702, 2703]


def test_a_missing_reading_is_not_made_up() -> None:
    window = month()
    window[0, -7 * DAY] = np.nan
    assert np.isnan(seasonal_naive(window, HORIZON, DAY)).tolist() == [[True, False, False, False], [False] * 4]
    assert np.isnan(persistence_ensemble(window, HORIZON, DAY)).sum() == 1


@pytest.mark.parametrize("lags", [(1,), (7, 1), (1, 2, 28)])
def test_lags_come_in_the_order_they_were_asked_for(lags: tuple[int, ...]) -> None:
    lagged = lagged_days(month(), HORIZON, DAY, lags)
    assert lagged.shape == (2, len(lags), HORIZON)
    assert lagged[0, :, 0].tolist() == [100 * (28 - lag) for lag in lags]


def test_a_week_that_repeats_is_forecast_without_error() -> None:
    week = np.random.default_rng(0).gamma(2, 1, 7 * DAY).astype(np.float32)
    window = np.tile(week, 4)[None]
    np.testing.assert_array_equal(seasonal_naive(window, HORIZON, DAY)[0], week[:HORIZON])


@pytest.mark.parametrize(
    ("days", "horizon", "mend"),
    [(27, 4, "at least 112"), (27, 9, "at least 112"), (6, 4, "at least 112")],
)
def test_what_does_not_fit_is_refused_with_the_sizes_that_would(days: int, horizon: int, mend: str) -> None:
    with pytest.raises(ConfigError, match=f"Windows of {days * DAY} intervals") as raised:
        persistence_ensemble(month(days), horizon, DAY)
    assert mend in raised.value.mend


def test_the_shortest_window_that_fits_is_enough() -> None:
    assert seasonal_naive(month(7), HORIZON, DAY)[0, 0] == 0
    assert persistence_ensemble(month(28), HORIZON, DAY).shape == (2, HORIZON)
