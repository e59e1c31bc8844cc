import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from metrify.forecasting.evaluation import coverage, pinball, wape

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
