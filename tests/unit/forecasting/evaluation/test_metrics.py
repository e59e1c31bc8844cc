import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from metrify.errors import ForecastError
from metrify.forecasting.evaluation import (
    coverage,
    mean_interval_width,
    nrmse,
    pinball,
    wape,
    weighted_quantile_loss,
)

from .rows import LEVELS as FIVE_LEVELS
from .rows import draw_rows

LEVELS = (0.1, 0.5, 0.9)

loads = arrays(np.float64, 12, elements=st.floats(0.1, 100))
forecasts = arrays(np.float64, 12, elements=st.floats(0, 100))


def test_wape_by_hand() -> None:
    # |3-2| + |1-2| + |5-6| = 3 of 2 + 2 + 6 = 10
    assert wape(np.array([3.0, 1, 5]), np.array([2.0, 2, 6])) == pytest.approx(0.3)


def test_wape_weighs_by_load_and_not_by_interval() -> None:
    # A miss of one hundred percent on a small load, of one percent on a large one.
    assert wape(np.array([2.0, 99]), np.array([1.0, 100])) == pytest.approx(2 / 101)


def test_wape_of_feed_in_divides_by_its_size() -> None:
    assert wape(np.array([-1.0, 1]), np.array([-2.0, 2])) == pytest.approx(0.5)


def test_pinball_by_hand() -> None:
    # Actual 10. Level 0.1 at 8: 0.1 * 2. Level 0.5 at 11: 0.5 * 1. Level 0.9 at 14: 0.1 * 4. Their mean over 10.
    quantiles = np.array([[8.0, 11, 14]])
    assert pinball(quantiles, np.array([10.0]), LEVELS) == pytest.approx((0.2 + 0.5 + 0.4) / 3 / 10)


def test_pinball_sums_over_rows_and_intervals_before_it_divides() -> None:
    quantiles = np.array([[[1.0], [4]], [[2], [2]]])
    actual = np.array([[2.0, 2], [2, 4]])
    # At the median the loss is half the error: 0.5, 1, 0 and 1, over a load of 10.
    assert pinball(quantiles, actual, (0.5,)) == pytest.approx(0.25)


@given(forecasts, loads)
def test_the_pinball_loss_of_a_median_is_half_its_wape(forecast: np.ndarray, actual: np.ndarray) -> None:
    assert pinball(forecast[:, None], actual, (0.5,)) == pytest.approx(wape(forecast, actual) / 2)


@given(forecasts, loads, st.floats(0.01, 1_000))
def test_units_do_not_matter(forecast: np.ndarray, actual: np.ndarray, factor: float) -> None:
    quantiles = np.stack([0.5 * forecast, forecast, 2 * forecast], axis=-1)
    assert wape(forecast * factor, actual * factor) == pytest.approx(wape(forecast, actual))
    assert pinball(quantiles * factor, actual * factor, LEVELS) == pytest.approx(pinball(quantiles, actual, LEVELS))


@given(loads)
def test_a_perfect_forecast_has_no_error(actual: np.ndarray) -> None:
    assert wape(actual, actual) == 0
    assert pinball(np.repeat(actual[:, None], 3, axis=1), actual, LEVELS) == 0


@pytest.mark.parametrize("level", LEVELS)
def test_the_true_quantile_has_the_smallest_pinball_loss(level: float) -> None:
    actual = np.random.default_rng(0).gamma(2, 1, 20_000)
    truth = np.quantile(actual, level)
    losses = [pinball(np.full((20_000, 1), truth * factor), actual, (level,)) for factor in (0.9, 1, 1.1)]
    assert min(losses) == losses[1]


def test_coverage_by_hand() -> None:
    quantiles = np.array([[1.0, 2, 3]] * 5)
    actual = np.array([0.99, 1, 2.5, 3, 3.01])  # the limits are inside
    assert coverage(quantiles, actual) == pytest.approx(0.6)


def test_coverage_is_that_of_the_outermost_quantiles() -> None:
    actual = np.random.default_rng(0).uniform(0, 1, (50, 400))
    quantiles = np.broadcast_to(np.array([0.05, 0.4, 0.95]), (50, 400, 3))
    assert coverage(quantiles, actual) == pytest.approx(0.9, abs=0.01)


def test_nrmse_by_hand() -> None:
    # Errors 3 and 4: the root of 12.5, over a mean load of 3.5.
    assert nrmse(np.array([5.0, 1]), np.array([2.0, 5])) == pytest.approx(12.5**0.5 / 3.5)


@given(forecasts, loads)
def test_the_root_of_squares_is_at_least_the_mean_of_sizes(forecast: np.ndarray, actual: np.ndarray) -> None:
    assert nrmse(forecast, actual) >= wape(forecast, actual) * (1 - 1e-12)


@given(forecasts, loads)
def test_the_weighted_quantile_loss_of_a_median_is_its_wape(forecast: np.ndarray, actual: np.ndarray) -> None:
    assert weighted_quantile_loss(forecast[:, None], actual, (0.5,)) == pytest.approx(wape(forecast, actual))


def test_width_is_counted_where_coverage_is() -> None:
    quantiles = np.array([[1.0, 3.0], [0.0, 8.0], [0.0, 100.0]])
    assert mean_interval_width(quantiles, np.array([2.0, 9.0, np.nan])) == 5
    assert coverage(quantiles, np.array([2.0, 9.0, np.nan])) == 0.5


@given(st.integers(0, 2**32 - 1))
def test_what_was_not_measured_is_not_scored(seed: int) -> None:
    rows = draw_rows(6, 8, seed, missing=0.3)
    seen = ~np.isnan(rows.actual)
    wild = np.where(seen, rows.point, 1e9)
    wild_quantiles = np.where(seen[..., None], rows.quantiles, np.nan)  # not even a forecast is needed there
    kept, actual = rows.quantiles[seen], rows.actual[seen]
    assert wape(wild, rows.actual) == pytest.approx(wape(rows.point[seen], actual))
    assert nrmse(wild, rows.actual) == pytest.approx(nrmse(rows.point[seen], actual))
    assert pinball(wild_quantiles, rows.actual, FIVE_LEVELS) == pytest.approx(pinball(kept, actual, FIVE_LEVELS))
    assert coverage(wild_quantiles, rows.actual) == pytest.approx(coverage(kept, actual))
    assert mean_interval_width(wild_quantiles, rows.actual) == pytest.approx(mean_interval_width(kept, actual))


def test_a_forecast_that_leaves_out_a_measured_interval_is_refused() -> None:
    actual = np.array([[1.0, np.nan], [1.0, 2.0]])
    with pytest.raises(ForecastError, match="1 measured intervals have no forecast"):
        wape(np.array([[1.0, np.nan], [np.nan, 2.0]]), actual)
    quantiles = np.ones((2, 2, 3))
    quantiles[1, 1, 2] = np.nan
    for refused in (coverage, mean_interval_width, lambda q, a: pinball(q, a, LEVELS)):
        with pytest.raises(ForecastError, match="1 measured intervals have no forecast"):
            refused(quantiles, actual)


def test_nothing_to_score_and_nothing_to_divide_by_are_refused() -> None:
    nothing = np.full(3, np.nan)
    for refused in (wape, nrmse):
        with pytest.raises(ForecastError, match="Nothing was measured"):
            refused(np.ones(3), nothing)
        with pytest.raises(ForecastError, match="2 measured intervals sums to zero"):
            refused(np.ones(3), np.array([0, 0, np.nan]))
    with pytest.raises(ForecastError, match="Nothing was measured"):
        coverage(np.ones((3, 2)), nothing)


@pytest.mark.parametrize("shape", [(2, 3), (3,), (2, 4, 1, 1)])
def test_forecasts_of_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ForecastError, match=r"actuals \[2, 4\]"):
        wape(np.ones(shape), np.ones((2, 4)))


def test_a_level_for_each_quantile_is_needed() -> None:
    with pytest.raises(ForecastError, match="3 quantiles and 2 levels"):
        pinball(np.ones((4, 3)), np.ones(4), (0.1, 0.9))


def test_single_precision_sums_lose_nothing() -> None:
    actual = np.full((2_000, 2_000), 0.1, np.float32)
    assert wape(actual + np.float32(0.1), actual) == pytest.approx(1, rel=1e-6)
