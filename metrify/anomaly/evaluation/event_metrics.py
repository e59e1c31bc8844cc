"""How many events alarms find, and how many alarms are about an event.

An event counts once, however long it is. Its other days are not counted as found when one of them is: that "point
adjustment" makes random scores look good (Kim et al. 2022, doi 10.1609/aaai.v36i7.20680).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from metrify.anomaly.evaluation.alarms import Alarms
from metrify.anomaly.evaluation.false_alarms import count_false_alarms
from metrify.anomaly.evaluation.true_events import TrueEvents
from metrify.errors import AnomalyError


@dataclass(frozen=True)
class EventMetrics:
    """What alarms are worth.

    Attributes:
        events: How many true events there are.
        recall: Share of them that were found: an anomalous day lies in them.
        recall_by_kind: The same of the events of each kind, in the order of their names.
        alarms: How many alarms there are.
        false_alarms: How many of them have no anomalous day in a true event.
        false_alarms_per_meter_month: They over the scored days outside of events, in months of 365.25 / 12 days.
        precision: Share of the alarms that are not false; NaN without an alarm.
        f1: Harmonic mean of precision and recall; 0 where nothing was found.
    """

    events: int
    recall: float
    recall_by_kind: Mapping[str, float]
    alarms: int
    false_alarms: int
    false_alarms_per_meter_month: float
    precision: float
    f1: float


def judge_alarms(alarms: Alarms, anomalous: np.ndarray, events: TrueEvents, scored: np.ndarray) -> EventMetrics:
    """Compares alarms with true events.

    An event of which no day could be scored is one that was not found.

    Args:
        alarms: Of `merge_alarms`.
        anomalous: `[M, D]` bool, the days of which they were made.
        events: What was really wrong.
        scored: `[M, D]` bool, which days could be scored.

    Raises:
        AnomalyError: There is no event, or no scored day outside of the events, the arguments are not of the same
            meters and days, or a day is anomalous and was not scored.

    Example:
        >>> anomalous = np.array([[True, False, False, True]])
        >>> alarms = Alarms(np.array([0, 0]), np.array([0, 3]), np.array([1, 4]))
        >>> events = TrueEvents(np.array([0]), np.array([2]), np.array([4]), np.array(["zero"]))
        >>> metrics = judge_alarms(alarms, anomalous, events, np.ones((1, 4), bool))
        >>> metrics.recall, metrics.precision, metrics.false_alarms
        (1.0, 0.5, 1)
    """
    if not len(events):
        raise AnomalyError(
            "There is no true event to be found.",
            "Bring injected or labelled events; `count_false_alarms` does without any.",
        )
    false_alarms = count_false_alarms(alarms, anomalous, events, scored)
    found = events.count(anomalous) > 0
    recall, false = float(found.mean()), int(false_alarms.counts.sum())
    precision = 1 - false / len(alarms) if len(alarms) else float("nan")
    return EventMetrics(
        events=len(events),
        recall=recall,
        recall_by_kind={str(kind): float(found[events.kinds == kind].mean()) for kind in np.unique(events.kinds)},
        alarms=len(alarms),
        false_alarms=false,
        false_alarms_per_meter_month=false_alarms.per_meter_month,
        precision=precision,
        f1=2 * precision * recall / (precision + recall) if found.any() else 0.0,
    )
