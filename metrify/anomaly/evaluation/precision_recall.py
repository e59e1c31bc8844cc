"""How well scores set the days of events apart from all others, over all thresholds."""

import numpy as np

from metrify.anomaly.evaluation.scored_days import find_scored_days


def average_precision(scores: np.ndarray, labels: np.ndarray) -> float:
    """The area under the curve of precision and recall, pooled over all scored meter-days.

    It is scikit-learn's `average_precision_score`: the sum of precisions, each times the recall that its threshold
    adds, without interpolation. A random score has about the share of labelled days.

    Args:
        scores: `[M, D]`, higher where more anomalous and comparable between meters, NaN where a day was not scored.
        labels: `[M, D]` bool, which days lie in an event.

    Raises:
        AnomalyError: The shapes differ, a score is infinite, or no scored day lies in an event.

    Example:
        >>> average_precision(np.array([[0.9, 0.1], [0.8, np.nan]]), np.array([[False, False], [True, True]]))
        0.5
    """
    from sklearn.metrics import average_precision_score  # importing it takes more than a second

    scored = find_scored_days(scores, labels)
    return float(average_precision_score(labels[scored], scores[scored]))
