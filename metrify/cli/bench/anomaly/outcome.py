"""What a rival said of the judged days of all folds, and how good that is."""

from dataclasses import dataclass

import numpy as np

from metrify.anomaly.evaluation import (
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
        scores: `[M, D]` of days of which some have an event; NaN where one was not judged.
        events: These.
        threshold: That was fitted to other meters.
        seconds: Wall time of the fit.
        kinds: `[M, D]` str, the kind of fault of each anomalous day; None of a rival that tells none.
        vacant_scores: `[M, D]` of the same meters, some of them empty for a while; None where nobody asked.
        vacant: When they are.
        vacant_kinds: `[M, D]` place of the likeliest kind, vacancy among them.
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

    @property
    def scored(self) -> np.ndarray:
        """`[M, D]` bool."""
        return np.isfinite(self.scores)


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
        anomalous, scored, events = self._pooled()
        return judge_alarms(merge_alarms(anomalous, scored, self.max_gap_days), anomalous, events, scored)

    def calibration(self, target: float) -> CalibrationRatio | None:
        """False alarms of the meters without an event over their target; None where there are fewer than two."""
        anomalous, scored, events = self._pooled()
        untouched = scored.any(axis=1) & ~np.isin(np.arange(len(anomalous)), events.meters)
        if untouched.sum() < 2:
            return None
        anomalous, scored = anomalous[untouched], scored[untouched]
        nothing = TrueEvents(np.zeros(0, int), np.zeros(0, int), np.zeros(0, int), np.zeros(0, str))
        alarms = merge_alarms(anomalous, scored, self.max_gap_days)
        return calibration_ratio(count_false_alarms(alarms, anomalous, nothing, scored), target, _SEED)

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

    def _pooled(self) -> tuple[np.ndarray, np.ndarray, TrueEvents]:
        """Anomalous and scored days of the meters of all folds, and their events."""
        events = join_events([fold.events for fold in self.folds], [len(fold.scores) for fold in self.folds])
        anomalous, scored = (
            np.concatenate([getattr(fold, part) for fold in self.folds]) for part in ("anomalous", "scored")
        )
        return anomalous, scored, events


def _shape(scores: np.ndarray) -> tuple[int, int]:
    return scores.shape[0], scores.shape[1]
