"""How often a detector calls for nothing, by meter and month."""

from dataclasses import dataclass

import numpy as np

from metrify.anomaly.evaluation.alarms import Alarms, require_alarms_of, require_scored
from metrify.anomaly.evaluation.true_events import TrueEvents
from metrify.errors import AnomalyError

DAYS_PER_MONTH = 365.25 / 12


@dataclass(frozen=True, eq=False)
class FalseAlarms:
    """False alarms of M meters, and the time in which they could have arisen.

    Attributes:
        counts: `[M]` int.
        meter_months: `[M]` months of scored days outside of true events.
    """

    counts: np.ndarray
    meter_months: np.ndarray

    @property
    def per_meter_month(self) -> float:
        """False alarms over the time of all meters.

        Raises:
            AnomalyError: There is no time.
        """
        if not self.meter_months.any():
            raise AnomalyError(
                "No scored day lies outside of the true events.", "Score days on which nothing is wrong."
            )
        return float(self.counts.sum() / self.meter_months.sum())


def count_false_alarms(alarms: Alarms, anomalous: np.ndarray, events: TrueEvents, scored: np.ndarray) -> FalseAlarms:
    """Counts the alarms none of whose anomalous days lies in a true event.

    An alarm that only reaches across an event, with anomalous days before and after it, is false as well. Time is that
    of scored days outside of events: in an event there is no false alarm to be had.

    Args:
        alarms: Of `merge_alarms`.
        anomalous: `[M, D]` bool, the days of which they were made.
        events: What was really wrong; it may be nothing.
        scored: `[M, D]` bool, which days could be scored.

    Raises:
        AnomalyError: The arguments are not of the same meters and days, or a day is anomalous and was not scored.

    Example:
        >>> anomalous = np.array([[True] + [False] * 29 + [True]])
        >>> alarms = Alarms(np.array([0, 0]), np.array([0, 30]), np.array([1, 31]))
        >>> event = TrueEvents(np.array([0]), np.array([29]), np.array([31]), np.array(["zero"]))
        >>> found = count_false_alarms(alarms, anomalous, event, np.ones((1, 31), bool))
        >>> found.counts, found.meter_months.round(2)
        (array([1]), array([0.95]))
    """
    require_scored(anomalous, scored)
    require_alarms_of(alarms, anomalous)
    labels = events.labels((scored.shape[0], scored.shape[1]))
    is_false = alarms.count(anomalous & labels) == 0
    counts = np.bincount(alarms.meters[is_false], minlength=len(scored))
    return FalseAlarms(counts, (scored & ~labels).sum(axis=1) / DAYS_PER_MONTH)
