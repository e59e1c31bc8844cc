import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from metrify.errors import ForecastError
from metrify.forecasting.intervals import IntervalCalibration

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
HORIZON = 3

quantiles_kwh = arrays(np.float64, (4, HORIZON, 5), elements=st.floats(0, 100)).map(lambda q: np.sort(q, axis=-1))
factors = arrays(np.float64, (HORIZON, 5), elements=st.floats(0, 5))
offsets = arrays(np.float64, (HORIZON, 5), elements=st.floats(-3, 3))
scales = arrays(np.float64, 4, elements=st.floats(0.01, 10))


def rule_of(factor: np.ndarray, offset: np.ndarray, non_negative: bool = True) -> IntervalCalibration:
    factor, offset = factor.copy(), offset.copy()
    factor[:, 2], offset[:, 2] = 1, 0
    return IntervalCalibration(LEVELS, factor, offset, non_negative)


def test_the_rule_by_hand() -> None:
    quantiles = np.array([[[1.0, 2, 4, 5, 8]], [[1, 2, 4, 5, 8]]])
    factor = np.array([[1.5, 1, 1, 2, 0.5]])
    offset = np.array([[0, 0.5, 0, 0, 1]])
    calibrated = IntervalCalibration(LEVELS, factor, offset, True).apply(quantiles, np.array([1.0, 2]))
    # The lowest would be -0.5; the highest of the first row, 4 + 2 + 1, lies above 4 + 2 already.
    assert calibrated[0, 0].tolist() == [0, 2.5, 4, 6, 7]
    assert calibrated[1, 0].tolist() == [0, 3, 4, 6, 8]


@given(quantiles_kwh, factors, offsets, scales)
def test_calibrated_quantiles_rise_around_the_median_and_are_not_negative(
    quantiles: np.ndarray, factor: np.ndarray, offset: np.ndarray, scale: np.ndarray
) -> None:
    before = quantiles.copy()
    calibrated = rule_of(factor, offset).apply(quantiles, scale)
    assert (np.diff(calibrated, axis=-1) >= 0).all()
    assert (calibrated >= 0).all()
    np.testing.assert_array_equal(calibrated[..., 2], quantiles[..., 2])
    np.testing.assert_array_equal(quantiles, before)


@given(quantiles_kwh, factors)
def test_an_outer_quantile_that_an_inner_one_crosses_moves_out_to_it(quantiles: np.ndarray, factor: np.ndarray) -> None:
    median = quantiles[..., 2:3]
    plain = median + (quantiles - median) * rule_of(factor, np.zeros_like(factor)).factor
    calibrated = rule_of(factor, np.zeros_like(factor), non_negative=False).apply(quantiles)
    np.testing.assert_array_equal(calibrated[..., 0], np.minimum(plain[..., 0], plain[..., 1]))
    np.testing.assert_array_equal(calibrated[..., 4], np.maximum(plain[..., 4], plain[..., 3]))
    np.testing.assert_array_equal(calibrated[..., 1:4], plain[..., 1:4])


@given(quantiles_kwh)
def test_factors_of_one_change_nothing(quantiles: np.ndarray) -> None:
    same = rule_of(np.ones((HORIZON, 5)), np.zeros((HORIZON, 5)))
    np.testing.assert_allclose(same.apply(quantiles), quantiles, atol=1e-12)


def test_negative_loads_keep_their_sign_where_they_are_known() -> None:
    quantiles = np.array([[[-4.0, -2, -1, 0, 1]]])
    rule = IntervalCalibration(LEVELS, np.full((1, 5), 2.0), np.zeros((1, 5)), non_negative=False)
    assert rule.apply(quantiles)[0, 0].tolist() == [-7, -3, -1, 1, 3]


def test_single_precision_stays_single() -> None:
    rule = rule_of(np.full((HORIZON, 5), 1.3), np.full((HORIZON, 5), 0.1))
    quantiles = np.ones((2, HORIZON, 5), np.float32)
    assert rule.apply(quantiles, np.ones(2)).dtype == np.float32


@given(factors, offsets, st.booleans())
def test_json_keeps_every_digit(factor: np.ndarray, offset: np.ndarray, non_negative: bool) -> None:
    rule = rule_of(factor, offset, non_negative)
    again = IntervalCalibration.from_json(rule.to_json())
    assert (again.levels, again.non_negative) == (LEVELS, non_negative)
    np.testing.assert_array_equal(again.factor, rule.factor)
    np.testing.assert_array_equal(again.offset, rule.offset)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"levels": [0.5], "factor": [["x"]]}'])
def test_what_is_no_rule_is_not_read(text: str) -> None:
    with pytest.raises(ForecastError, match="no calibration of intervals"):
        IntervalCalibration.from_json(text)


def test_a_rule_that_does_not_fit_is_refused() -> None:
    good = json.loads(rule_of(np.ones((HORIZON, 5)), np.zeros((HORIZON, 5))).to_json())
    for wrong in (
        {"levels": [0.1, 0.2, 0.3, 0.4, 0.9]},
        {"levels": [0.1, 0.5, 0.9]},
        {"factor": [[1.0] * 5]},
        {"factor": [[1.0, 1.0, 1.0, 1.0, -1.0]] * HORIZON},
        {"offset": [[0.0, 0.0, 0.0, 0.0, float("nan")]] * HORIZON},
    ):
        with pytest.raises(ForecastError, match="do not fit the levels"):
            IntervalCalibration.from_json(json.dumps(good | wrong))


def test_quantiles_of_another_model_and_a_missing_scale_are_refused() -> None:
    rule = rule_of(np.ones((HORIZON, 5)), np.ones((HORIZON, 5)))
    for shape in ((2, HORIZON + 1, 5), (2, HORIZON, 3), (HORIZON, 5)):
        with pytest.raises(ForecastError, match=r"where \[N, 3, 5\] is calibrated"):
            rule.apply(np.ones(shape))
    for scale in (None, np.ones(3)):
        with pytest.raises(ForecastError, match="needs the scale of each row"):
            rule.apply(np.ones((2, HORIZON, 5)), scale)
