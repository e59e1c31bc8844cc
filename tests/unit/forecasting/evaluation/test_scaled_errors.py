import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrify.errors import ForecastError
from metrify.forecasting.evaluation.scaled_errors import mase, scaled_errors, seasonal_scale


def test_the_scale_by_hand() -> None:
    # Differences two apart: |4-1|, |2-3|, |4-4|.
    assert seasonal_scale(np.array([[1.0, 3, 4, 2, 4]]), 2).tolist() == pytest.approx([4 / 3])


def test_only_pairs_that_were_measured_count() -> None:
    history = np.array([[1.0, np.nan, 5, 2, 7], [np.nan, 1, 2, np.nan, np.nan]])
    scale = seasonal_scale(history, 2)
    assert scale[0] == 3  # |5-1| and |7-5|
    assert np.isnan(scale[1])


@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_the_seasonal_naive_forecast_of_the_history_has_a_mase_of_one(seed: int, season: int) -> None:
    history = np.random.default_rng(seed).gamma(2, 1, (3, 20))
    history[0, 3] = np.nan
    seen = ~np.isnan(history[:, season:] + history[:, :-season])
    actual = np.where(seen, history[:, season:], np.nan)
    scores = mase(history[:, :-season], actual, seasonal_scale(history, season))
    np.testing.assert_allclose(scores, 1)


@given(st.floats(0.001, 1_000))
def test_the_size_of_a_meter_does_not_matter(factor: float) -> None:
    history = np.random.default_rng(0).gamma(2, 1, (4, 60))
    point, actual = history[:, :10], history[:, 20:30]
    scores = mase(point, actual, seasonal_scale(history, 7))
    np.testing.assert_allclose(mase(point * factor, actual * factor, seasonal_scale(history * factor, 7)), scores)


def test_no_unit_gives_no_score_and_no_warning() -> None:
    point, actual = np.ones((4, 2)), np.array([[2.0, 3], [2, 3], [np.nan, np.nan], [2, np.nan]])
    scale = np.array([0.0, np.nan, 1, 0.5])
    assert mase(point, actual, scale).tolist() == pytest.approx([np.nan, np.nan, np.nan, 2], nan_ok=True)
    assert np.isnan(scaled_errors(point, actual, scale)).sum() == 7


@pytest.mark.parametrize("season", [0, -1, 5, 6])
def test_a_season_that_the_history_does_not_hold_is_refused(season: int) -> None:
    with pytest.raises(ForecastError, match=f"history of 5 intervals has no two readings {season} intervals apart"):
        seasonal_scale(np.ones((2, 5)), season)


def test_a_scale_for_each_row_is_needed() -> None:
    with pytest.raises(ForecastError, match=r"shape \[2\] for 3 rows"):
        mase(np.ones((3, 2)), np.ones((3, 2)), np.ones(2))
