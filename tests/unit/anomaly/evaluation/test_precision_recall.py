import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrify.anomaly.evaluation import average_precision
from metrify.errors import AnomalyError

from .made_up import draw_scores


def test_average_precision_by_hand() -> None:
    # Ranks of the labelled days: 1, 3 and 4, of 5 days on two meters; the sixth was not scored.
    scores = np.array([[0.9, 0.8, 0.7], [0.6, 0.5, np.nan]])
    labels = np.array([[True, False, True], [True, False, True]])
    assert average_precision(scores, labels) == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 9]))
def test_it_is_the_sum_of_precisions_times_the_recall_that_each_threshold_adds(seed: int, digits: int) -> None:
    labels = np.random.default_rng(seed).random((3, 20)) < 0.3
    labels[0, 0] = True
    scores = draw_scores(labels, seed, gain=0.5, digits=digits)
    scores[0, 0] = 0.0
    values, truth = scores[~np.isnan(scores)], labels[~np.isnan(scores)]
    total, recall = 0.0, 0.0
    for threshold in sorted(set(values), reverse=True):
        found = truth[values >= threshold]
        total += found.mean() * (found.sum() / truth.sum() - recall)
        recall = found.sum() / truth.sum()
    assert average_precision(scores, labels) == pytest.approx(total)


def test_the_best_score_has_one_and_a_random_one_the_share_of_labelled_days() -> None:
    labels = np.random.default_rng(0).random((100, 300)) < 0.1
    assert average_precision(labels.astype(float), labels) == 1
    assert average_precision(draw_scores(labels, 1), labels) == pytest.approx(labels.mean(), abs=0.01)


def test_nothing_to_be_found_is_refused() -> None:
    with pytest.raises(AnomalyError, match="None of 3 scored days"):
        average_precision(np.ones((1, 3)), np.zeros((1, 3), bool))
