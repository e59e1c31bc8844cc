import numpy as np
import pytest
from scipy.stats import binom, chi2

from metrify.anomaly.evaluation import FalseAlarms, calibration_ratio
from metrify.errors import AnomalyError


def draw(generator: np.random.Generator, rate: float, meters: int = 100) -> FalseAlarms:
    """False alarms that come together: meters have rates of their own, whose mean is the rate."""
    months = generator.uniform(6, 12, meters)
    return FalseAlarms(generator.poisson(rate * generator.gamma(1, 1, meters) * months), months)


def test_the_ratio_is_of_sums_and_not_a_mean_of_ratios() -> None:
    measured = FalseAlarms(np.array([6, 0]), np.array([1.0, 9.0]))
    assert calibration_ratio(measured, 0.2, seed=0).ratio == pytest.approx(6 / 10 / 0.2)
    many = calibration_ratio(FalseAlarms(np.tile([6, 0], 50), np.tile([1.0, 9], 50)), 0.2, seed=0)
    assert many.low < 6 / 10 / 0.2 < many.high < (6 + 0) / 2 / 0.2


def test_the_interval_holds_the_true_ratio_about_as_often_as_it_says() -> None:
    held, draws = 0, 300
    for seed in range(draws):
        found = calibration_ratio(draw(np.random.default_rng(seed), 0.15), 0.1, seed, 0.9, draws=500)
        held += found.low <= 1.5 <= found.high
    low, high = binom.ppf([0.001, 0.999], draws, [0.87, 0.9])  # percentiles of a skewed ratio hold a bit less
    assert low <= held <= high


def test_alarms_that_come_together_widen_the_interval() -> None:
    months = np.full(100, 10.0)
    spread = calibration_ratio(FalseAlarms(np.ones(100, int), months), 0.1, seed=0)
    together = calibration_ratio(FalseAlarms(np.repeat([20, 0], [5, 95]), months), 0.1, seed=0)
    assert (spread.ratio, spread.low, spread.high) == pytest.approx((1, 1, 1))
    assert together.ratio == pytest.approx(1)
    assert together.high - together.low > 1


def test_the_same_seed_gives_the_same_interval_and_another_one_nearly_so() -> None:
    measured = draw(np.random.default_rng(0), 0.2)
    first, again, other = (calibration_ratio(measured, 0.2, seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert (first.low, first.high) == pytest.approx((other.low, other.high), rel=0.1)


def test_more_confidence_is_a_wider_interval_around_the_ratio() -> None:
    measured = draw(np.random.default_rng(0), 0.2)
    narrow, wide = (calibration_ratio(measured, 0.2, 0, confidence) for confidence in (0.5, 0.99))
    assert wide.low < narrow.low < narrow.ratio < narrow.high < wide.high


def test_without_a_false_alarm_the_upper_limit_is_that_of_a_poisson_rate() -> None:
    found = calibration_ratio(FalseAlarms(np.zeros(4, int), np.full(4, 5.0)), 0.1, seed=0, confidence=0.9)
    assert (found.ratio, found.low) == (0, 0)
    assert found.high == pytest.approx(chi2.ppf(0.95, 2) / 2 / 20 / 0.1)


def test_meters_without_time_do_not_count() -> None:
    counts, months = np.array([3, 1, 2]), np.array([10.0, 8, 9])
    padded = FalseAlarms(np.append(counts, [0] * 20), np.append(months, [0.0] * 20))
    assert calibration_ratio(padded, 0.1, seed=3) == calibration_ratio(FalseAlarms(counts, months), 0.1, seed=3)


@pytest.mark.parametrize(
    ("target", "confidence", "draws"), [(0, 0.9, 10), (np.nan, 0.9, 10), (1, 0, 10), (1, 1, 10), (1, 0.9, 0)]
)
def test_a_ratio_needs_a_target_and_an_interval_a_confidence(target: float, confidence: float, draws: int) -> None:
    with pytest.raises(AnomalyError, match=f"No ratio to {target} false alarms"):
        calibration_ratio(FalseAlarms(np.ones(3, int), np.ones(3)), target, 0, confidence, draws)


def test_one_meter_has_no_interval() -> None:
    with pytest.raises(AnomalyError, match="1 meters have a scored day outside"):
        calibration_ratio(FalseAlarms(np.array([1, 0]), np.array([1.0, 0])), 1, 0)
