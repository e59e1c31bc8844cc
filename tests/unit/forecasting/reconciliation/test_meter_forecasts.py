import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrify.errors import ForecastError
from metrify.forecasting.reconciliation import (
    build_hierarchy,
    reconcile,
    set_negative_to_zero,
    shift_quantiles,
    structural_covariance,
)

from .grids import draw_hierarchy, draw_loads


def test_a_load_that_went_below_zero_is_lifted_and_summed_up_again() -> None:
    hierarchy = build_hierarchy(np.array(["a", "b"]), np.array(["f", "f"]), np.array(["d", "d"]))
    reconciled = hierarchy.bottom_up(np.array([[-1.0, 1], [3, 3]]))
    lifted, count = set_negative_to_zero(hierarchy, reconciled, np.ones((5, 2)))
    assert count == 1
    assert lifted.tolist() == [[3, 4], [3, 4], [3, 4], [0, 1], [3, 3]]


def test_a_meter_that_feeds_in_stays_negative() -> None:
    hierarchy = build_hierarchy(np.array(["a", "b"]), np.array(["f", "f"]), np.array(["d", "d"]))
    reconciled = hierarchy.bottom_up(np.array([[-1.0], [3]]))
    base = hierarchy.bottom_up(np.array([[-0.5], [3]]))
    lifted, count = set_negative_to_zero(hierarchy, reconciled, base)
    assert count == 0
    np.testing.assert_array_equal(lifted, reconciled)


@given(st.integers(2, 30), st.integers(0, 2**32 - 1))
def test_lifted_forecasts_are_coherent_and_not_negative(meters: int, seed: int) -> None:
    hierarchy = draw_hierarchy(meters, 4, 2, seed)
    base = draw_loads(hierarchy, 5, seed)
    base[: hierarchy.aggregates] *= 0.3  # far too low, which drags meters below zero
    reconciled = reconcile(hierarchy, base, structural_covariance(hierarchy))
    lifted, count = set_negative_to_zero(hierarchy, reconciled, base)
    assert (lifted >= 0).all()
    assert count == (reconciled[hierarchy.aggregates :] < 0).sum()
    np.testing.assert_allclose(hierarchy.bottom_up(lifted[hierarchy.aggregates :]), lifted)
    kept = reconciled[hierarchy.aggregates :] >= 0
    np.testing.assert_array_equal(lifted[hierarchy.aggregates :][kept], reconciled[hierarchy.aggregates :][kept])


@given(st.integers(0, 2**32 - 1), st.floats(-3, 3))
def test_quantiles_follow_their_point_and_keep_their_shape(seed: int, change: float) -> None:
    quantiles = np.sort(np.random.default_rng(seed).gamma(2, 1, (4, 6, 5)), axis=-1)
    point = quantiles[..., 2]
    moved = shift_quantiles(quantiles, point, point + change)
    assert (moved >= 0).all()
    assert (np.diff(moved, axis=-1) >= 0).all()
    whole = (moved > 0).all(axis=-1)
    np.testing.assert_allclose(np.diff(moved[whole], axis=-1), np.diff(quantiles[whole], axis=-1), atol=1e-12)
    np.testing.assert_allclose(moved[..., 2], np.maximum(point + change, 0))


def test_a_quantile_below_zero_moves_freely() -> None:
    moved = shift_quantiles(np.array([[[-1.0, 0.5, 2]]], np.float32), np.array([[0.5]]), np.array([[-0.5]]))
    assert moved.tolist() == [[[-1, 0, 1]]]
    assert moved.dtype == np.float32


def test_a_quantile_below_zero_that_would_rise_is_free_too() -> None:
    assert shift_quantiles(np.array([[[-1.0, 1]]]), np.array([[0.0]]), np.array([[0.5]])).tolist() == [[[-0.5, 1.5]]]


def test_points_of_other_rows_are_refused() -> None:
    for base, reconciled in (((2, 3), (2, 4)), ((3, 3), (3, 3)), ((2, 3, 5), (2, 3, 5))):
        with pytest.raises(ForecastError, match="do not fit points"):
            shift_quantiles(np.ones((2, 3, 5)), np.ones(base), np.ones(reconciled))
