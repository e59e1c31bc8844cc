import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrify.errors import ForecastError
from metrify.forecasting.reconciliation import (
    ErrorCovariance,
    Hierarchy,
    reconcile,
    shrunk_covariance,
    structural_covariance,
    variance_covariance,
)

from .grids import draw_hierarchy, draw_loads

KINDS = ("structural", "variance", "shrunk")
seeds = st.integers(0, 2**32 - 1)


def covariance_of(kind: str, hierarchy: Hierarchy, errors: np.ndarray) -> ErrorCovariance:
    if kind == "structural":
        return structural_covariance(hierarchy)
    return variance_covariance(errors) if kind == "variance" else shrunk_covariance(errors)


def draw_errors(hierarchy: Hierarchy, times: int, seed: int) -> np.ndarray:
    """Errors of base forecasts: those of meters move together, an aggregate has its own beside the sum of theirs."""
    generator = np.random.default_rng(seed)
    meters = hierarchy.aggregation.shape[1]
    together = 0.3 * generator.normal(size=times)
    own = generator.normal(size=(meters, times)) * generator.uniform(0.2, 2, (meters, 1))
    errors = hierarchy.bottom_up(own + together)
    errors[: hierarchy.aggregates] *= 0.5
    return errors + 0.2 * generator.normal(size=errors.shape)


def textbook(hierarchy: Hierarchy, base: np.ndarray, covariance: ErrorCovariance) -> np.ndarray:
    summing = hierarchy.summing_matrix().toarray()
    inverse = np.linalg.inv(np.diag(covariance.diagonal) + covariance.factors @ covariance.factors.T)
    return summing @ np.linalg.solve(summing.T @ inverse @ summing, summing.T @ inverse @ base)


@pytest.mark.parametrize("kind", KINDS)
@given(meters=st.integers(1, 12), feeders=st.integers(1, 5), districts=st.integers(1, 3), seed=seeds)
@settings(max_examples=30)
def test_it_is_the_textbook_formula(kind: str, meters: int, feeders: int, districts: int, seed: int) -> None:
    hierarchy = draw_hierarchy(meters, feeders, districts, seed)
    errors = draw_errors(hierarchy, 40, seed)
    base = draw_loads(hierarchy, 5, seed) + errors[:, :5]
    covariance = covariance_of(kind, hierarchy, errors)
    np.testing.assert_allclose(
        reconcile(hierarchy, base, covariance), textbook(hierarchy, base, covariance), rtol=1e-6, atol=1e-6
    )


@pytest.mark.parametrize("kind", KINDS)
@given(meters=st.integers(1, 60), feeders=st.integers(1, 9), districts=st.integers(1, 4), seed=seeds)
@settings(max_examples=30)
def test_sums_are_equal_and_coherent_forecasts_stay(
    kind: str, meters: int, feeders: int, districts: int, seed: int
) -> None:
    hierarchy = draw_hierarchy(meters, feeders, districts, seed)
    loads, errors = draw_loads(hierarchy, 4, seed), draw_errors(hierarchy, 30, seed)
    covariance = covariance_of(kind, hierarchy, errors)
    reconciled = reconcile(hierarchy, loads + errors[:, :4], covariance)
    for level in ("district", "feeder", "meter"):
        np.testing.assert_allclose(reconciled[hierarchy.levels == level].sum(axis=0), reconciled[0], atol=1e-6)
    feeder, members = hierarchy.aggregates - 1, hierarchy.aggregation[[-1]].toarray()[0] > 0
    np.testing.assert_allclose(reconciled[hierarchy.aggregates :][members].sum(axis=0), reconciled[feeder], atol=1e-6)
    np.testing.assert_allclose(reconcile(hierarchy, loads, covariance), loads, atol=1e-8)
    np.testing.assert_allclose(reconcile(hierarchy, reconciled, covariance), reconciled, atol=1e-6)


def mean_squares(hierarchy: Hierarchy, errors: np.ndarray) -> dict[str, np.ndarray]:
    """Mean squared errors of each series, where the covariance is that of 200 earlier times than those judged."""
    earlier, later = errors[:, :200], errors[:, 200:]
    loads = draw_loads(hierarchy, later.shape[1], 1)
    base = loads + later
    forecasts = {kind: reconcile(hierarchy, base, covariance_of(kind, hierarchy, earlier)) for kind in KINDS}
    forecasts |= {"base": base, "bottom_up": hierarchy.bottom_up(base[hierarchy.aggregates :])}
    return {name: ((forecast - loads) ** 2).mean(axis=1) for name, forecast in forecasts.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_independent_errors_average_out_on_each_level(kind: str) -> None:
    hierarchy = draw_hierarchy(40, 8, 3, 0)
    sizes = np.sqrt(structural_covariance(hierarchy).diagonal)[:, None]
    errors = sizes * np.random.default_rng(0).normal(size=(len(sizes), 1_200))
    squares = mean_squares(hierarchy, errors)
    for level in ("total", "district", "feeder", "meter"):
        series = hierarchy.levels == level
        assert squares[kind][series].sum() < squares["base"][series].sum()
    assert squares[kind].sum() < 0.9 * squares["bottom_up"].sum()


def test_errors_that_move_together_need_their_correlations() -> None:
    hierarchy = draw_hierarchy(40, 8, 3, 0)
    squares = mean_squares(hierarchy, draw_errors(hierarchy, 1_200, 0))
    total = {name: values.sum() for name, values in squares.items()}
    assert total["shrunk"] < 0.95 * total["base"]
    assert total["shrunk"] < 0.9 * min(total["variance"], total["structural"])
    assert max(total["variance"], total["structural"]) < total["bottom_up"]


def test_a_series_that_is_known_better_moves_less() -> None:
    hierarchy = draw_hierarchy(2, 1, 1, 0)
    base = np.array([[10.0], [10], [10], [3], [3]])  # the meters lack four
    certain = np.array([1e-9, 1e-9, 1e-9, 3, 1])
    np.testing.assert_allclose(
        reconcile(hierarchy, base, ErrorCovariance(certain, np.zeros((5, 0))))[:, 0], [10, 10, 10, 6, 4], atol=1e-6
    )


def test_thousands_of_meters_need_no_square_of_them() -> None:
    hierarchy = draw_hierarchy(6_000, 100, 5, 0)
    errors = draw_errors(hierarchy, 30, 0)
    base = draw_loads(hierarchy, 10, 0) + errors[:, :10]
    tracemalloc.start()
    reconciled = reconcile(hierarchy, base, shrunk_covariance(errors))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6_000 * 6_000 * 8 / 10
    np.testing.assert_allclose(hierarchy.bottom_up(reconciled[hierarchy.aggregates :]), reconciled, atol=1e-6)


def test_what_can_not_be_reconciled_is_refused() -> None:
    hierarchy = draw_hierarchy(4, 2, 1, 0)
    base = draw_loads(hierarchy, 2, 0)
    covariance = structural_covariance(hierarchy)
    holes = base.copy()
    holes[3, 1] = np.nan
    with pytest.raises(ForecastError, match="1 values of the hierarchy are missing"):
        reconcile(hierarchy, holes, covariance)
    with pytest.raises(ForecastError, match=r"where \[8, K\] is needed"):
        reconcile(hierarchy, base[1:], covariance)
    with pytest.raises(ForecastError, match="one of 7 series, the forecasts are of 8"):
        reconcile(hierarchy, base, variance_covariance(np.ones((7, 3))))
    with pytest.raises(ForecastError, match="can't be inverted"):
        reconcile(hierarchy, base, variance_covariance(np.zeros((8, 3))))
