"""VUS-PR: precision and recall over all thresholds and several tolerances for when an event begins and ends.

Paparrizos et al. 2022, doi 10.14778/3551793.3551830, and the code beside it. For each buffer length l:

- The labels are those of `soften_labels`. At a threshold, TP is their sum over the days that score at least as high.
- The number of positives is P_l = (sum of the labels + sum of the soft labels) / 2.
- Precision is TP over the number of those days. Recall is min(TP / P_l, 1) times the share of events that exist: that
  have such a day, be it on their slopes.
- The area is that of the trapezoids between thresholds, from precision 1 at recall 0 on: the paper's Range-AUC-PR.

The volume is the mean of the areas over l. Where the paper has one series, here are many:

- Sums run over the scored days of all meters, and one threshold holds for all of them. Distances are calendar days.
- Events are counted over all meters. The paper's code merges events whose slopes meet into one; here each exists by
  itself. An event that has no scored day, not even on its slopes, exists at no threshold, so that recall stays below 1.
"""

from dataclasses import dataclass

import numpy as np

from metrify.anomaly.evaluation.scored_days import find_scored_days
from metrify.anomaly.evaluation.soft_labels import soften_labels
from metrify.anomaly.evaluation.spans import Spans
from metrify.anomaly.evaluation.true_events import TrueEvents
from metrify.errors import AnomalyError


def volume_under_surface(
    scores: np.ndarray, events: TrueEvents, max_buffer_days: int = 7, max_thresholds: int = 250
) -> float:
    """The VUS-PR of scores, pooled over meters.

    Args:
        scores: `[M, D]`, higher where more anomalous and comparable between meters, NaN where a day was not scored.
        events: What was really wrong.
        max_buffer_days: The largest buffer length; all lengths from 0 on are taken.
        max_thresholds: Thresholds are the scores at so many ranks, evenly spaced from the highest to the lowest, as in
            the paper's code; all scores where there are fewer. Where less than some percent of the days lie in events,
            hardly a threshold lies among their ranks: then give the number of scores, which takes twice the time.

    Returns:
        From 0 to 1.

    Raises:
        AnomalyError: An event lies outside of the scores, a score is infinite, no scored day lies in an event, the
            buffer is negative, or there are fewer than two thresholds.

    Example:
        >>> event = TrueEvents(np.array([0]), np.array([3]), np.array([5]), np.array(["zero"]))
        >>> scores = np.array([[0.1, 0.2, 0.1, 0.9, 0.8, 0.1, 0.3], [0.3, 0.2, np.nan, 0.1, 0.2, 0.1, 0.1]])
        >>> round(volume_under_surface(scores, event, max_buffer_days=0), 3)
        1.0
        >>> round(volume_under_surface(np.roll(scores, 1, axis=1), event, max_buffer_days=4), 3)
        0.675
    """
    if max_buffer_days < 0 or max_thresholds < 2:
        raise AnomalyError(
            f"There is no surface of buffers up to {max_buffer_days} days and {max_thresholds} thresholds.",
            "Give a buffer of 0 days or more and at least 2 thresholds.",
        )
    shape = (scores.shape[0], scores.shape[1])
    labels = events.labels(shape)
    scored = find_scored_days(scores, labels)
    thresholds, labelled_days = _rank(scores[scored], max_thresholds), labels[scored].sum()
    areas = []
    for buffer_days in range(max_buffer_days + 1):
        soft = soften_labels(events, shape, buffer_days)[scored]
        true_positives = soft[thresholds.order].cumsum()[thresholds.days - 1]
        recall = np.minimum(2 * true_positives / (labelled_days + soft.sum()), 1)
        existing = _share_existing(events, np.where(scored, scores, -np.inf), buffer_days, thresholds.values)
        precision = np.concatenate([[1.0], true_positives / thresholds.days])
        areas.append(np.trapezoid(precision, np.concatenate([[0.0], recall * existing])))
    return float(np.mean(areas))


@dataclass(frozen=True, eq=False)
class _Thresholds:
    """K thresholds of N scores.

    Attributes:
        values: `[K]` falling.
        days: `[K]` how many scores are at least as high.
        order: `[N]` the places of the scores, highest first.
    """

    values: np.ndarray
    days: np.ndarray
    order: np.ndarray


def _rank(scores: np.ndarray, most: int) -> _Thresholds:
    order = np.argsort(-scores, kind="stable")
    ranks = np.linspace(0, len(scores) - 1, min(most, len(scores))).astype(int)
    values = np.unique(scores[order[ranks]])[::-1]
    return _Thresholds(values, len(scores) - np.searchsorted(scores[order[::-1]], values), order)


def _share_existing(events: TrueEvents, scores: np.ndarray, buffer_days: int, thresholds: np.ndarray) -> np.ndarray:
    """The share of events that have a day, or one on their slopes, that scores at least as high, `[K]`."""
    begins = np.maximum(events.begins - buffer_days // 2, 0)
    ends = np.minimum(events.ends + buffer_days // 2, scores.shape[1])
    highest = np.sort(Spans(events.meters, begins, ends).highest(scores))
    return 1 - np.searchsorted(highest, thresholds) / len(events)
