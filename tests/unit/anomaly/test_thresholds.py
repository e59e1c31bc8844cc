"""From which score on a day is anomalous."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrify.anomaly.evaluation.alarms import merge_alarms
from metrify.anomaly.thresholds import DAYS_PER_MONTH, fit_threshold
from metrify.errors import AnomalyError


def alarms_per_month(scores: np.ndarray, threshold: float, max_gap_days: int) -> float:
    alarms = merge_alarms(scores > threshold, np.isfinite(scores), max_gap_days)
    return len(alarms) / (np.isfinite(scores).sum() / DAYS_PER_MONTH)


@given(seed=st.integers(0, 2**31 - 1), wanted=st.sampled_from([0.1, 0.5, 1.0]), gap=st.sampled_from([1, 2, 5]))
@settings(max_examples=20, deadline=None)
def test_the_days_that_it_is_fitted_to_raise_as_many_alarms_as_wanted(seed: int, wanted: float, gap: int) -> None:
    scores = np.random.default_rng(seed).normal(size=(50, 300))
    scores[0, :100] = np.nan
    told = alarms_per_month(scores, fit_threshold(scores, wanted, gap), gap)
    assert 0.8 * wanted <= told <= wanted


@pytest.mark.parametrize("method", ["quantile", "tail"])
def test_unseen_meters_of_the_same_kind_raise_about_as_many(method: str) -> None:
    rng = np.random.default_rng(1)
    seen, unseen = rng.standard_t(4, (80, 330)), rng.standard_t(4, (80, 330))
    threshold = fit_threshold(seen, 0.2, 2, method)  # type: ignore[arg-type]
    assert 0.15 <= alarms_per_month(unseen, threshold, 2) <= 0.25


def test_a_tail_tells_how_rare_alarms_are_that_were_hardly_seen() -> None:
    rng, wanted = np.random.default_rng(2), 0.004  # which is 1.6 alarms among the days that it is fitted to
    unseen = rng.exponential(size=(4_000, 300))
    fitted = [fit_threshold(rng.exponential(size=(40, 300)), wanted, 1, "tail") for _ in range(9)]
    told = [alarms_per_month(unseen, threshold, 1) for threshold in fitted]
    assert wanted / 2 <= np.median(told) <= 2 * wanted


def test_longer_gaps_within_an_alarm_lower_the_threshold() -> None:
    scores = np.random.default_rng(3).normal(size=(50, 300))
    assert fit_threshold(scores, 1.0, 10) < fit_threshold(scores, 1.0, 1)


@pytest.mark.parametrize(
    ("method", "told"),
    [("quantile", "20 days of training are too few for 1 false alarms a month"), ("tail", "alarms are too few")],
)
def test_too_few_days_are_refused(method: str, told: str) -> None:
    with pytest.raises(AnomalyError, match=told):
        fit_threshold(np.zeros((2, 10)), 1.0, 1, method)  # type: ignore[arg-type]
    with pytest.raises(AnomalyError):
        fit_threshold(np.full((2, 10), np.nan), 1.0, 1, method)  # type: ignore[arg-type]


def test_a_tail_tells_targets_that_are_rarer_than_the_days_at_hand() -> None:
    scores = np.random.default_rng(4).exponential(size=(24, 300))
    rare = fit_threshold(scores, 0.002, 1, "tail")  # half an alarm among these days
    assert rare > fit_threshold(scores, 0.02, 1, "tail") and rare > np.quantile(scores, 0.999)
