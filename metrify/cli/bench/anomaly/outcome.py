"""What a rival said of the judged days of all folds, and how good that is."""

from dataclasses import dataclass

import numpy as np

from metrify.anomaly.evaluation import (
    Alarms,
    CalibrationRatio,
    EventMetrics,
    TrueEvents,
    average_precision,
    calibration_ratio,
    count_false_alarms,
    join_events,
    judge_alarms,
    merge_alarms,
    volume_under_surface,
)

_SEED = 0


@dataclass(frozen=True, eq=False)
class FoldOutcome:
    """A rival's scores in one fold.

    Attributes:
        scores: `[M, D]` of days of which some have an event.
        events: These.
        threshold: That was fitted to other meters.
        seconds: Wall time of the fit.
        kinds: `[M, D]` place of the likeliest kind; None of a rival that tells none.
        vacant_scores: `[M, D]` of the same meters, some of them empty for a while; None where nobody asked.
        vacant: When they are.
        vacant_kinds: Like `kinds`.
    """

    scores: np.ndarray
    events: TrueEvents
    threshold: float
    seconds: float
    kinds: np.ndarray | None = None
    vacant_scores: np.ndarray | None = None
    vacant: TrueEvents | None = None
    vacant_kinds: np.ndarray | None = None

    @property
    def anomalous(self) -> np.ndarray:
        """`[M, D]` bool."""
        return self.scores > self.threshold


@dataclass(frozen=True, eq=False)
class Outcome:
    """A rival's scores in all folds.

    Attributes:
        name: Of the rival.
        folds: In their order.
        max_gap_days: Days of one alarm are at most so many days apart.
    """

    name: str
    folds: list[FoldOutcome]
    max_gap_days: int

    @property
    def metrics(self) -> EventMetrics:
        """Alarms against events, over all folds."""
        anomalous, events = self._pooled()
        scored = np.ones_like(anomalous)
        return judge_alarms(self._alarms(anomalous), anomalous, events, scored)

    def calibration(self, target: float) -> CalibrationRatio:
        """False alarms of the meters without an event over their target."""
        anomalous, events = self._pooled()
        untouched = anomalous[~np.isin(np.arange(len(anomalous)), events.meters)]
        nothing = TrueEvents(np.zeros(0, int), np.zeros(0, int), np.zeros(0, int), np.zeros(0, str))
        false = count_false_alarms(self._alarms(untouched), untouched, nothing, np.ones_like(untouched))
        return calibration_ratio(false, target, _SEED)

    @property
    def auc_pr(self) -> float:
        """Area under precision and recall of days, mean of the folds."""
        return float(
            np.mean([average_precision(f.scores, f.events.labels(_shape(f.scores))) for f in self._with_events])
        )

    @property
    def vus_pr(self) -> float:
        """Volume under the surface, mean of the folds."""
        return float(
            np.mean([volume_under_surface(f.scores, f.events, max_thresholds=f.scores.size) for f in self._with_events])
        )

    @property
    def _with_events(self) -> list[FoldOutcome]:
        """Of labelled meters, a fold may have none."""
        return [fold for fold in self.folds if len(fold.events)]

    def _alarms(self, anomalous: np.ndarray) -> Alarms:
        return merge_alarms(anomalous, np.ones_like(anomalous), self.max_gap_days)

    def _pooled(self) -> tuple[np.ndarray, TrueEvents]:
        """Anomalous days of the meters of all folds, and their events."""
        events = join_events([fold.events for fold in self.folds], [len(fold.scores) for fold in self.folds])
        return np.concatenate([fold.anomalous for fold in self.folds]), events


def _shape(scores: np.ndarray) -> tuple[int, int]:
    return scores.shape[0], scores.shape[1]
