import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrify.errors import ForecastError
from metrify.forecasting.reconciliation import (
    build_hierarchy,
    shrunk_covariance,
    structural_covariance,
    variance_covariance,
)
from metrify.forecasting.reconciliation.error_covariance import shrinkage_intensity


def plain_intensity(errors: np.ndarray) -> float:
    """The definition, pair by pair."""
    times = errors.shape[1]
    standard = errors / np.sqrt((errors**2).mean(axis=1, keepdims=True))
    variances = correlations = 0.0
    for one in range(len(errors)):
        for other in range(len(errors)):
            if one != other:
                products = standard[one] * standard[other]
                variances += ((products - products.mean()) ** 2).sum() / times / (times - 1)
                correlations += products.mean() ** 2
    return min(1.0, variances / correlations)


def draw_errors(series: int, times: int, seed: int, shared: float = 1.0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    noise = generator.normal(size=(series, times)) + shared * generator.normal(size=times)
    return noise * generator.uniform(0.1, 10, (series, 1))


def test_a_series_of_many_meters_varies_more() -> None:
    hierarchy = build_hierarchy(np.array(["a", "b", "c"]), np.array(["f", "f", "g"]), np.array(["d", "d", "d"]))
    covariance = structural_covariance(hierarchy)
    assert covariance.diagonal.tolist() == [3, 3, 2, 1, 1, 1, 1]
    assert covariance.factors.shape == (7, 0)


def test_the_variance_is_that_of_the_errors_that_there_are() -> None:
    covariance = variance_covariance(np.array([[1.0, -3, np.nan], [2, 2, 2]], np.float32))
    assert covariance.diagonal.tolist() == [5, 4]
    with pytest.raises(ForecastError, match="1 of 2 series have no error"):
        variance_covariance(np.array([[1.0, 2], [np.nan, np.nan]]))


@given(st.integers(2, 12), st.integers(3, 20), st.integers(0, 2**32 - 1), st.floats(0, 3))
@settings(max_examples=40)
def test_the_intensity_is_that_of_the_definition(series: int, times: int, seed: int, shared: float) -> None:
    errors = draw_errors(series, times, seed, shared)
    assert shrinkage_intensity(errors) == pytest.approx(plain_intensity(errors), rel=1e-6)


@given(st.integers(2, 10), st.integers(3, 30), st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_correlations_shrink_and_variances_do_not(series: int, times: int, seed: int) -> None:
    errors = draw_errors(series, times, seed)
    covariance, intensity = shrunk_covariance(errors), shrinkage_intensity(errors)
    whole = np.diag(covariance.diagonal) + covariance.factors @ covariance.factors.T
    sample = errors @ errors.T / times
    np.testing.assert_allclose(np.diag(whole), np.diag(sample))
    off = ~np.eye(series, dtype=bool)
    np.testing.assert_allclose(whole[off], (1 - intensity) * sample[off], atol=1e-9)
    assert np.linalg.eigvalsh(whole).min() > 0


def test_what_is_certain_is_shrunk_less() -> None:
    few, many = (shrinkage_intensity(draw_errors(20, times, 0)) for times in (10, 2_000))
    assert many < 0.01 < few
    assert shrinkage_intensity(draw_errors(20, 2_000, 0, shared=0)) > 0.5


def test_a_series_without_errors_changes_nothing() -> None:
    errors = draw_errors(5, 30, 0)
    assert shrinkage_intensity(np.concatenate([errors, np.zeros((1, 30))])) == pytest.approx(
        shrinkage_intensity(errors)
    )
    assert shrinkage_intensity(np.zeros((3, 30))) == 1


def test_gaps_and_a_single_time_are_refused() -> None:
    errors = draw_errors(3, 10, 0)
    errors[1, 4] = np.nan
    with pytest.raises(ForecastError, match="1 values of the hierarchy are missing"):
        shrunk_covariance(errors)
    with pytest.raises(ForecastError, match="1 times are too few"):
        shrunk_covariance(errors[:, :1])
