"""Alarms: anomalous days that belong together are one message to one person, and not one for each day."""

from dataclasses import dataclass

import numpy as np

from metrify.anomaly.evaluation.spans import Spans
from metrify.errors import AnomalyError


@dataclass(frozen=True, eq=False)
class Alarms(Spans):
    """A alarms, in the order of meters and days. Each begins and ends with an anomalous day, and may have others.

    Attributes:
        meters: `[A]` the row of each one's meter, from 0.
        begins: `[A]` its first anomalous day, a column, from 0.
        ends: `[A]` the day after its last anomalous one.
    """


def merge_alarms(anomalous: np.ndarray, scored: np.ndarray, max_gap_days: int) -> Alarms:
    """Merges the anomalous days of each meter.

    Two of them that follow each other are of one alarm where they lie at most `max_gap_days` scored days apart: 1
    merges neighbours alone, 2 allows for one day between them that was scored and is not anomalous. Days that were not
    scored do not count, since nothing says that the anomaly was over.

    Args:
        anomalous: `[M, D]` bool.
        scored: `[M, D]` bool, which days could be scored.
        max_gap_days: 1 or more.

    Raises:
        AnomalyError: The shapes differ, a day is anomalous and was not scored, or the gap is less than 1.

    Example:
        >>> alarms = merge_alarms(np.array([[1, 1, 0, 1, 0, 0, 1]], bool), np.ones((1, 7), bool), max_gap_days=2)
        >>> alarms.begins, alarms.ends
        (array([0, 6]), array([4, 7]))
    """
    if max_gap_days < 1:
        raise AnomalyError(f"Days of an alarm can't lie {max_gap_days} days apart.", "Allow for 1 day or more.")
    require_scored(anomalous, scored)
    meters, days = np.nonzero(anomalous)
    scored_before = scored.cumsum(axis=1)[meters, days]
    follows = (np.diff(meters) == 0) & (np.diff(scored_before) <= max_gap_days)
    some = np.full(min(len(days), 1), True)  # the first day begins an alarm and the last one ends one, if there are any
    begins, ends = np.concatenate([some, ~follows]), np.concatenate([~follows, some])
    return Alarms(meters[begins], days[begins], days[ends] + 1)


def require_scored(anomalous: np.ndarray, scored: np.ndarray) -> None:
    """Refuses days that are anomalous without a score.

    Args:
        anomalous: `[M, D]` bool.
        scored: `[M, D]` bool.

    Raises:
        AnomalyError: The shapes differ, or a day is anomalous and was not scored.
    """
    if anomalous.shape != scored.shape or anomalous.ndim != 2:
        raise AnomalyError(
            f"Anomalous days have shape {list(anomalous.shape)} and scored days {list(scored.shape)}.",
            "Give both for the same meters and days.",
        )
    unknown = int((anomalous & ~scored).sum())
    if unknown:
        raise AnomalyError(
            f"{unknown} days are anomalous and were not scored.", "Call days anomalous by their score alone."
        )


def require_alarms_of(alarms: Alarms, anomalous: np.ndarray) -> None:
    """Refuses alarms that were not made of these days.

    Args:
        alarms: Of `merge_alarms`.
        anomalous: `[M, D]` bool.

    Raises:
        AnomalyError: An alarm has none of the anomalous days, one of them is in no alarm, or an alarm lies outside.
    """
    counts = alarms.count(anomalous)
    if not counts.all() or counts.sum() != anomalous.sum():
        raise AnomalyError(
            f"The alarms have {counts.sum()} of {anomalous.sum()} anomalous days, and {(counts == 0).sum()} have none.",
            "Give the alarms that `merge_alarms` made of these days.",
        )
