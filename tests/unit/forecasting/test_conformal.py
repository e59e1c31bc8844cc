import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrify.errors import ForecastError
from metrify.forecasting.conformal import Method, calibrate_intervals, conformal_quantile
from metrify.forecasting.evaluation import coverage
from metrify.forecasting.intervals import IntervalCalibration

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
HORIZON = 8
METHODS: tuple[Method, ...] = ("multiplicative", "additive")


def draw(rows: int, seed: int, spread: float = 1.0, missing: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Quantiles whose spread is wrong by a factor, the actuals and the scales. Intervals of a row move together."""
    generator = np.random.default_rng(seed)
    scale = generator.lognormal(0, 1, rows)
    shape = generator.uniform(0.5, 1.5, (rows, HORIZON))
    quantiles = (scale[:, None] * shape)[..., None] * np.exp(np.array([-1, -0.4, 0, 0.4, 1]) * spread)
    shock = generator.normal(0, 0.5, (rows, 1)) + generator.normal(0, 0.4, (rows, HORIZON))
    actual = quantiles[..., 2] * np.exp(shock)
    actual[generator.random(actual.shape) < missing] = np.nan
    return quantiles, actual, scale


def fit(rows: int, seed: int, method: Method = "multiplicative", **changes: float) -> IntervalCalibration:
    quantiles, actual, scale = draw(rows, seed, **changes)
    return calibrate_intervals(quantiles, actual, LEVELS, method=method, scale=scale)


@pytest.mark.parametrize("method", METHODS)
@given(seed=st.integers(0, 2**32 - 1), spread=st.floats(0.05, 3), missing=st.sampled_from([0.0, 0.3]))
@settings(max_examples=25)
def test_fresh_rows_are_covered_as_often_as_the_levels_say(
    method: Method, seed: int, spread: float, missing: float
) -> None:
    rule = fit(600, seed, method, spread=spread, missing=missing)
    quantiles, actual, scale = draw(3_000, seed + 1, spread, missing)
    calibrated = rule.apply(quantiles, scale)
    for low, share in ((0, 0.9), (1, 0.5)):
        found = coverage(calibrated[..., [low, -1 - low]], actual)
        # What crosses is widened, so more may be covered. Six hundred rows are known to about three hundredths.
        assert found > share - 0.06
    assert coverage(calibrated, actual) < 0.96


@pytest.mark.parametrize("method", METHODS)
def test_few_rows_are_enough_on_average(method: Method) -> None:
    covered = []
    for seed in range(400):
        quantiles, actual, scale = draw(12, seed, spread=0.3)
        rule = calibrate_intervals(quantiles[:, :1], actual[:, :1], LEVELS, method=method, scale=scale)
        fresh, fresh_actual, fresh_scale = draw(200, seed + 1_000, spread=0.3)
        covered.append(coverage(rule.apply(fresh[:, :1], fresh_scale), fresh_actual[:, :1]))
    # Twelve scores cut the line into thirteen parts of the same probability, and the largest score leaves out one.
    assert np.mean(covered) == pytest.approx(12 / 13, abs=0.012)


def test_intervals_that_are_too_wide_are_narrowed() -> None:
    assert (fit(500, 0, spread=3.0).factor[:, [0, 1, 3, 4]] < 1).all()
    assert (fit(500, 0, spread=0.1).factor[:, [0, 1, 3, 4]] > 1).all()


def test_the_median_is_left_alone_and_a_pair_moves_together() -> None:
    for rule in (fit(100, 0), fit(100, 0, "additive")):
        assert (rule.factor[:, 2] == 1).all()
        assert (rule.offset[:, 2] == 0).all()
    np.testing.assert_array_equal(fit(100, 0).factor[:, :2], fit(100, 0).factor[:, :2:-1])
    additive = fit(100, 0, "additive")
    np.testing.assert_array_equal(additive.offset[:, :2], -additive.offset[:, :2:-1])
    assert (additive.factor == 1).all()


def test_each_stretch_of_the_horizon_has_its_own_widening() -> None:
    quantiles, actual, _ = draw(2_000, 0)
    median = quantiles[..., 2]
    actual = median + (actual - median) * np.linspace(0.2, 1, HORIZON)  # the further, the less certain
    split = calibrate_intervals(quantiles, actual, LEVELS, horizon_groups=4)
    assert (np.diff(split.factor[::2, 4]) > 0).all()
    np.testing.assert_array_equal(split.factor[::2], split.factor[1::2])
    single = calibrate_intervals(quantiles[:, 6:], actual[:, 6:], LEVELS)
    np.testing.assert_array_equal(split.factor[6:], single.factor)


def test_the_score_of_a_reading_by_hand() -> None:
    quantiles = np.array([[[2.0, 4, 5]]] * 3)
    actual = np.array([[4.5], [1.0], [4]])  # half of the upper side, one and a half of the lower, none
    assert calibrate_intervals(quantiles, actual, (0.3, 0.5, 0.7)).factor[0, 0] == 0.5
    additive = calibrate_intervals(quantiles, actual, (0.3, 0.5, 0.7), method="additive", scale=np.full(3, 2.0))
    assert additive.offset[0].tolist() == [0.25, 0, -0.25]  # the middle score: half a kWh inside, at a scale of two


def test_a_quantile_of_scores_by_hand() -> None:
    scores = np.array([[5.0], [1], [4], [2], [3]])
    assert [conformal_quantile(scores, share) for share in (0.1, 1 / 6, 0.17, 0.5, 5 / 6)] == [1, 1, 2, 3, 5]


def test_a_row_has_one_vote_however_many_intervals_were_measured() -> None:
    many = np.array([[9.0, 9, 9, 9], [1, np.nan, np.nan, np.nan], [2, np.nan, np.nan, np.nan]])
    assert conformal_quantile(many, 0.5) == 2
    assert conformal_quantile(np.concatenate([many, np.full((5, 4), np.nan)]), 0.5) == 2


def test_too_few_rows_are_refused_with_the_number_that_would_do() -> None:
    quantiles, actual, _ = draw(8, 0)
    with pytest.raises(ForecastError, match=r"8 measured rows are too few to cover 90.0%") as raised:
        calibrate_intervals(quantiles, actual, LEVELS)
    assert "at least 9 rows" in raised.value.mend
    quantiles, actual, _ = draw(9, 0)
    assert calibrate_intervals(quantiles, actual, LEVELS).factor.max() > 0


def test_quantiles_that_coincide_need_the_additive_method() -> None:
    quantiles, actual, scale = draw(50, 0, spread=0.0)
    with pytest.raises(ForecastError, match="coincide") as raised:
        calibrate_intervals(quantiles, actual, LEVELS)
    assert "additive" in raised.value.mend
    rule = calibrate_intervals(quantiles, actual, LEVELS, method="additive", scale=scale)
    assert coverage(rule.apply(quantiles, scale), actual) >= 0.9


def test_what_does_not_fit_is_refused() -> None:
    quantiles, actual, scale = draw(20, 0)
    with pytest.raises(ForecastError, match="do not rise"):
        calibrate_intervals(quantiles[..., ::-1], actual, LEVELS)
    with pytest.raises(ForecastError, match="do not rise along 3 levels"):
        calibrate_intervals(quantiles, actual, (0.1, 0.5, 0.9))
    with pytest.raises(ForecastError, match="Some loads are negative"):
        calibrate_intervals(quantiles, -actual, LEVELS)
    for wrong in (None, scale[1:], np.zeros(20)):
        with pytest.raises(ForecastError, match="needs a positive scale"):
            calibrate_intervals(quantiles, actual, LEVELS, method="additive", scale=wrong)
    for groups in (0, HORIZON + 1):
        with pytest.raises(ForecastError, match=f"can't be cut into {groups} stretches"):
            calibrate_intervals(quantiles, actual, LEVELS, horizon_groups=groups)
    for levels in ((0.1, 0.5, 0.8), (0.1, 0.9), (0.9, 0.5, 0.1), (0.0, 0.5, 1.0), (0.1, 0.4, 0.9)):
        with pytest.raises(ForecastError, match="not a median with pairs"):
            calibrate_intervals(quantiles, actual, levels)
