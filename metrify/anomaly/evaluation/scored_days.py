"""Which meter-days count when scores are judged without a threshold."""

import numpy as np

from metrify.errors import AnomalyError


def find_scored_days(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The days that have a score.

    Args:
        scores: `[M, D]`, higher where more anomalous, NaN where a day could not be scored.
        labels: `[M, D]` bool, which days lie in an event.

    Returns:
        `[M, D]` bool.

    Raises:
        AnomalyError: The shapes differ, a score is infinite, or no scored day lies in an event.

    Example:
        >>> find_scored_days(np.array([[0.5, np.nan]]), np.array([[True, False]]))
        array([[ True, False]])
    """
    if scores.shape != labels.shape:
        raise AnomalyError(
            f"Scores have shape {list(scores.shape)} and labels {list(labels.shape)}.",
            "Give both for the same meters and days.",
        )
    infinite = int(np.isinf(scores).sum())
    if infinite:
        raise AnomalyError(
            f"{infinite} scores are infinite.", "Give finite scores, and NaN where a day could not be scored."
        )
    scored = ~np.isnan(scores)
    if not (scored & labels).any():
        raise AnomalyError(
            f"None of {scored.sum()} scored days lies in a true event.",
            "Score the days of the events, or inject events into days that can be scored.",
        )
    return scored
