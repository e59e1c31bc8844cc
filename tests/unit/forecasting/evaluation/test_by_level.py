"""Levels add up, the figures are those computed by hand, and what is known better helps what is not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrify.errors import ForecastError
from metrify.forecasting.evaluation.by_level import LEVELS, SeriesForecasts, reconcile_by_errors, wape_by_level
from metrify.forecasting.reconciliation import Hierarchy, build_hierarchy

METERS = np.array(["a", "b", "c", "d"])
HIERARCHY = build_hierarchy(METERS, np.array(["f", "f", "g", "h"]), np.array(["x", "x", "x", "y"]))


def draw(hierarchy: Hierarchy, times: int, seed: int, spread: float = 0.3, top: float = 0.3) -> SeriesForecasts:
    """Forecasts whose errors have a spread of their own at the meters and, as a share of it, at the aggregates."""
    generator = np.random.default_rng(seed)
    actual = generator.gamma(20, 0.1, (hierarchy.aggregation.shape[1], times))
    base, errors = hierarchy.bottom_up(actual), generator.normal(0, spread, (len(hierarchy.names), times))
    errors[: hierarchy.aggregates] *= top
    return SeriesForecasts(base + errors, actual)


def test_base_and_bottom_up_by_hand() -> None:
    actual = np.array([[1.0], [1], [2], [4]])
    base = np.array([[10.0], [4], [5], [2], [2.5], [4], [2], [1], [2], [3]])
    assert HIERARCHY.names.tolist() == ["total", "x", "y", "f", "g", "h", *METERS]
    figures = wape_by_level(HIERARCHY, draw(HIERARCHY, 30, 0), SeriesForecasts(base, actual))
    expected = {
        ("meter", "base"): 2 / 8,
        ("meter", "bottom_up"): 2 / 8,
        ("feeder", "base"): 0.5 / 8,
        ("feeder", "bottom_up"): 2 / 8,
        ("district", "base"): 1 / 8,
        ("district", "bottom_up"): 2 / 8,
        ("total", "base"): 2 / 8,
        ("total", "bottom_up"): 0,  # the two errors cancel out
    }
    assert {name: figures[name] for name in expected} == pytest.approx(expected)
    assert {level for level, _ in figures} == set(LEVELS)


def test_two_meters_and_their_sum_by_hand() -> None:
    hierarchy = build_hierarchy(METERS[:2])
    errors = np.tile([[1.0, -1, 0, 0], [1, 1, -1, -1], [1, -1, 1, -1]], 10)
    earlier = SeriesForecasts(hierarchy.bottom_up(np.full((2, 40), 5.0)) + errors, np.full((2, 40), 5.0))
    standard = errors / np.sqrt((errors**2).mean(axis=1, keepdims=True))
    off = ~np.eye(3, dtype=bool)
    products = standard[:, None] * standard
    correlations = products.mean(axis=2)
    variances = ((products - correlations[..., None]) ** 2).sum(axis=2) / 40 / 39
    shrinkage = variances[off].sum() / (correlations[off] ** 2).sum()
    assert 0.05 < shrinkage < 0.5
    covariance = errors @ errors.T / 40 * np.where(off, 1 - shrinkage, 1)
    gap = np.array([1, -1, -1])
    base = np.array([[9.0], [5], [6]])
    change = covariance @ gap / (gap @ covariance @ gap) * (gap @ base[:, 0])
    reconciled = reconcile_by_errors(hierarchy, earlier, base)
    np.testing.assert_allclose(reconciled[:, 0], base[:, 0] - change)
    figures = wape_by_level(hierarchy, earlier, SeriesForecasts(base, np.array([[5.0], [5]])))
    assert figures["total", "mint"] == pytest.approx(abs(reconciled[0, 0] - 10) / 10)
    assert figures["meter", "mint"] == pytest.approx(np.abs(reconciled[1:, 0] - 5).sum() / 10)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_reconciled_levels_add_up_and_no_meter_is_below_zero(seed: int) -> None:
    judged = draw(HIERARCHY, 12, seed + 1, spread=1.5)
    base = np.maximum(judged.base, 0)
    reconciled = reconcile_by_errors(HIERARCHY, draw(HIERARCHY, 40, seed, spread=1.5), base)
    assert (reconciled >= -1e-12).all()
    for level in ("meter", "feeder", "district"):
        np.testing.assert_allclose(reconciled[HIERARCHY.levels == level].sum(axis=0), reconciled[0])


def test_a_perfect_forecast_of_the_sums_improves_the_meters() -> None:
    earlier, judged = draw(HIERARCHY, 400, 0, top=1e-3), draw(HIERARCHY, 400, 1, top=1e-3)
    figures = wape_by_level(HIERARCHY, earlier, judged)
    assert figures["total", "mint"] < 0.02 * figures["total", "bottom_up"]
    assert figures["meter", "mint"] < 0.9 * figures["meter", "bottom_up"]


def test_a_sum_that_is_known_badly_hardly_counts() -> None:
    earlier, judged = draw(HIERARCHY, 400, 0, top=30), draw(HIERARCHY, 400, 1, top=30)
    figures = wape_by_level(HIERARCHY, earlier, judged)
    assert figures["total", "mint"] == pytest.approx(figures["total", "bottom_up"], rel=0.05)
    assert figures["total", "base"] > 5 * figures["total", "mint"]


def test_a_level_of_repeated_sums_changes_nothing() -> None:
    plain = build_hierarchy(METERS)
    repeated = build_hierarchy(METERS, np.full(4, "f"), np.full(4, "x"))
    earlier, judged = draw(plain, 40, 0), draw(plain, 10, 1)
    series = [0, 0, *range(5)]
    again = [SeriesForecasts(part.base[series], part.actual) for part in (earlier, judged)]
    figures, others = wape_by_level(plain, earlier, judged), wape_by_level(repeated, *again)
    assert {name: others[name] for name in figures} == pytest.approx(figures)
    assert others["feeder", "mint"] == pytest.approx(figures["total", "mint"])


def test_a_single_meter_is_refused() -> None:
    alone = build_hierarchy(METERS[:1])
    with pytest.raises(ForecastError, match="nothing to be reconciled with"):
        wape_by_level(alone, draw(alone, 10, 0), draw(alone, 10, 1))
