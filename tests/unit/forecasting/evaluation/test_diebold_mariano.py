from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import binom, ttest_1samp

from metrify.errors import ForecastError
from metrify.forecasting.evaluation.diebold_mariano import diebold_mariano

ORIGINS, METERS, DRAWS = 50, 20, 1_000
ROWS = np.repeat(np.arange(ORIGINS), METERS)


def losses(generator: np.random.Generator, gain: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Losses of two forecasts, whose difference has a part that all meters of a day share; A gains on B."""
    day = generator.normal(0, 0.5, ORIGINS)[ROWS]
    loss_b = generator.gamma(4, 0.25, len(ROWS))
    return loss_b + day + generator.normal(0, 0.5, len(ROWS)) - gain, loss_b


def rejections(p_value: Callable[[np.random.Generator], float]) -> int:
    return sum(p_value(np.random.default_rng(seed)) < 0.05 for seed in range(DRAWS))


def test_equal_forecasts_are_told_apart_five_times_in_a_hundred() -> None:
    found = rejections(lambda generator: diebold_mariano(*losses(generator), ROWS).p_value)
    low, high = binom.ppf([0.0005, 0.9995], DRAWS, 0.05)
    assert low <= found <= high


def test_rows_taken_for_independent_would_be_told_apart_far_more_often() -> None:
    def naive(generator: np.random.Generator) -> float:
        loss_a, loss_b = losses(generator)
        return float(ttest_1samp(loss_a - loss_b, 0, alternative="less").pvalue)

    assert rejections(naive) > 0.2 * DRAWS


@pytest.mark.parametrize(("kernel", "most"), [("rectangular", 0.08), ("bartlett", 0.11)])
def test_forecasts_that_overlap_are_allowed_for(kernel: str, most: float) -> None:
    def p_value(generator: np.random.Generator, horizon: int) -> float:
        shocks = generator.normal(size=ORIGINS + 1)
        overlapping = shocks[1:] + shocks[:-1]  # two days ahead, each day: neighbours share a day
        return diebold_mariano(overlapping, np.zeros(ORIGINS), np.arange(ORIGINS), horizon, kernel).p_value

    assert 0.03 * DRAWS < rejections(lambda generator: p_value(generator, 2)) < most * DRAWS


def test_forecasts_that_overlap_and_are_taken_for_independent_are_told_apart_too_often() -> None:
    def p_value(generator: np.random.Generator) -> float:
        shocks = generator.normal(size=ORIGINS + 1)
        return diebold_mariano(shocks[1:] + shocks[:-1], np.zeros(ORIGINS), np.arange(ORIGINS)).p_value

    assert rejections(p_value) > 0.1 * DRAWS


def test_a_better_forecast_is_found_and_a_worse_one_is_not() -> None:
    assert rejections(lambda generator: diebold_mariano(*losses(generator, 0.25), ROWS).p_value) > 0.9 * DRAWS
    assert rejections(lambda generator: diebold_mariano(*losses(generator, -0.25), ROWS).p_value) == 0


def test_a_day_ahead_it_is_students_test_of_the_daily_means() -> None:
    loss_a, loss_b = losses(np.random.default_rng(1), 0.1)
    daily = (loss_a - loss_b).reshape(ORIGINS, METERS).mean(axis=1)
    expected = ttest_1samp(daily, 0, alternative="less")
    found = diebold_mariano(loss_a, loss_b, ROWS)
    assert found.statistic == pytest.approx(expected.statistic)
    assert found.p_value == pytest.approx(expected.pvalue)
    assert (found.mean_difference, found.origins) == (pytest.approx(daily.mean()), ORIGINS)


def test_the_formula_for_two_days_ahead() -> None:
    difference = np.random.default_rng(3).normal(0.1, 1, 40)
    centred = difference - difference.mean()
    variance = (centred @ centred + 2 * centred[1:] @ centred[:-1]) / 40
    statistic = difference.mean() / np.sqrt(variance / 40) * np.sqrt((40 + 1 - 4 + 2 / 40) / 40)
    found = diebold_mariano(difference, np.zeros(40), np.arange(40), horizon=2)
    assert found.statistic == pytest.approx(statistic)


def test_swapping_the_forecasts_turns_the_verdict_round() -> None:
    loss_a, loss_b = losses(np.random.default_rng(2), 0.1)
    there, back = diebold_mariano(loss_a, loss_b, ROWS), diebold_mariano(loss_b, loss_a, ROWS)
    assert there.p_value + back.p_value == pytest.approx(1)
    assert there.statistic == pytest.approx(-back.statistic)


def test_neither_the_order_of_rows_nor_unmeasured_intervals_matter() -> None:
    generator = np.random.default_rng(4)
    loss_a, loss_b = losses(generator)
    expected = diebold_mariano(loss_a, loss_b, ROWS)
    order = generator.permutation(len(ROWS))
    assert diebold_mariano(loss_a[order], loss_b[order], ROWS[order]).statistic == pytest.approx(expected.statistic)
    wide_a, wide_b = (np.stack([loss, np.full(len(loss), np.nan)], axis=1) for loss in (loss_a, loss_b))
    assert diebold_mariano(wide_a, wide_b, ROWS).statistic == pytest.approx(expected.statistic)


def test_the_same_forecast_twice_is_not_better_than_itself() -> None:
    found = diebold_mariano(np.ones(20), np.ones(20), np.arange(20))
    assert (found.statistic, found.p_value) == (0, 0.5)


def test_what_can_not_be_judged_is_refused() -> None:
    with pytest.raises(ForecastError, match="9 origins are too few"):
        diebold_mariano(np.zeros(9), np.ones(9), np.arange(9))
    with pytest.raises(ForecastError, match="19 origins are too few"):
        diebold_mariano(np.zeros(19), np.ones(19), np.arange(19), horizon=10)
    with pytest.raises(ForecastError, match="variance of the loss differences is not positive"):
        diebold_mariano(np.zeros(20), np.full(20, 0.3), np.arange(20))
    swinging = np.tile([1.0, -1.0], 10)  # its first autocovariance is as negative as its variance is positive
    with pytest.raises(ForecastError, match="variance of the loss differences is not positive"):
        diebold_mariano(swinging, np.zeros(20), np.arange(20), horizon=2)
    assert diebold_mariano(swinging, np.zeros(20), np.arange(20), 2, "bartlett").p_value == pytest.approx(0.5)


def test_losses_of_different_places_are_refused() -> None:
    holes = np.ones(20)
    holes[3] = np.nan
    for loss_a, origins in ((holes, np.arange(20)), (np.ones(19), np.arange(20)), (np.ones(20), np.arange(19))):
        with pytest.raises(ForecastError, match="not of the same rows"):
            diebold_mariano(loss_a, np.ones(20), origins)
