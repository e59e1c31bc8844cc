import numpy as np
import pytest

from metrify.anomaly.evaluation.scored_days import find_scored_days
from metrify.errors import AnomalyError


def test_days_without_a_score_do_not_count() -> None:
    scores = np.array([[1.0, np.nan], [0.0, -2.0]])
    assert find_scored_days(scores, np.eye(2, dtype=bool)).tolist() == [[True, False], [True, True]]


def test_a_score_that_is_not_finite_is_refused() -> None:
    with pytest.raises(AnomalyError, match="2 scores are infinite"):
        find_scored_days(np.array([[1.0, np.inf, -np.inf]]), np.ones((1, 3), bool))


def test_labels_of_other_days_are_refused() -> None:
    with pytest.raises(AnomalyError, match=r"shape \[1, 3\] and labels \[3, 1\]"):
        find_scored_days(np.ones((1, 3)), np.ones((3, 1), bool))


def test_events_of_which_no_day_was_scored_are_refused() -> None:
    with pytest.raises(AnomalyError, match="None of 1 scored days lies in a true event"):
        find_scored_days(np.array([[1.0, np.nan]]), np.array([[False, True]]))
