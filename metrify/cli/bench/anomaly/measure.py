"""What `metrify bench anomaly` measures: detectors and what users would pick instead, fold by fold."""

from dataclasses import dataclass, replace

import numpy as np

from metrify.anomaly.fitting_kinds import fitting_kinds, guess_faults
from metrify.anomaly.meter_days import ROWS_AT_ONCE, MeterDays
from metrify.anomaly.thresholds import fit_threshold
from metrify.cli.bench.anomaly.folds import FOLDS, QUICK_FOLDS, Fold, find_days, make_folds
from metrify.cli.bench.anomaly.outcome import FoldOutcome, Outcome
from metrify.cli.bench.anomaly.result_rows import describe_row, result_rows
from metrify.cli.bench.anomaly.rivals import Fitted, FoldRivals, Tell, choose_rivals
from metrify.cli.bench.anomaly.speed import DaySpeed, measure_day_speed
from metrify.cli.bench.report import Row
from metrify.config import MetrifyConfig
from metrify.config.anomaly_detection import AnomalyDetectionConfig
from metrify.features.judged_day import days_by_clock

_QUICK = {
    "epochs": 1,
    "boosting_rounds": 10,
    "kind_rounds": 5,
    "fault_copies": 1,
    "forest_trees": 20,
    "max_training_days": 2_000,
}
_CHANCE_SEED = 100


@dataclass(frozen=True)
class AnomalyBench:
    """A run of the benchmark.

    Attributes:
        dataset: Name of the dataset.
        models: Names of detectors and controls; all of them where there is none.
        config: The configuration that detectors are trained with.
    """

    dataset: str
    models: tuple[str, ...]
    config: MetrifyConfig

    def measure(self, quick: bool, tell: Tell) -> list[Row]:
        """Fits and judges all rivals in each fold, and makes the rows.

        Args:
            quick: Few meters and small models.
            tell: Where progress goes.

        Raises:
            MetrifyError: The dataset, a name or the configuration does not fit.
        """
        section = self.config.training.anomaly_detection
        config = AnomalyDetectionConfig.model_validate(section.model_dump() | (_QUICK if quick else {}))
        names = choose_rivals(self.models, config.model_type)
        bench = find_days(self.dataset, config, quick)
        days = bench.days
        tell(f"{self.dataset}: {days.shape[0]} meters, {days.shape[0] * days.shape[1]:,} days")
        outcomes: dict[str, list[FoldOutcome]] = {name: [] for name in names}
        speeds: dict[str, DaySpeed] = {}
        folds = QUICK_FOLDS if quick else FOLDS
        for fold in make_folds(bench, config, folds):
            rivals = FoldRivals(fold.fitted, config, _CHANCE_SEED + fold.number, tell)
            for name in names:
                tell(f"fold {fold.number + 1} of {folds}: {name}")
                fitted = rivals.fit(name)
                outcomes[name].append(_judge(fitted, fold, config, with_kinds=name == config.model_type))
                if fitted.model and name not in speeds:
                    speeds[name] = measure_day_speed(fitted.model, fold.judged.days)
        results = [Outcome(name, of_folds, config.max_gap_days) for name, of_folds in outcomes.items()]
        return [describe_row(self.dataset, bench), *result_rows(self.dataset, results, speeds, config)]


def _judge(fitted: Fitted, fold: Fold, config: AnomalyDetectionConfig, with_kinds: bool) -> FoldOutcome:
    kept = _score(fitted, fold.kept)
    if fold.kept_events is not None:
        kept = np.where(fold.kept_events.labels(fold.kept.shape), np.nan, kept)
    threshold = fit_threshold(kept, config.false_alarms_per_meter_month, config.max_gap_days, config.threshold_method)
    if not (with_kinds and fitted.model):
        return FoldOutcome(_score(fitted, fold.judged.days), fold.judged.events, threshold, fitted.seconds)
    said = fitted.model.score_days(fold.judged.days)
    told = _guess_kinds(fold.judged.days, said.kind_share, said.score > threshold)
    outcome = FoldOutcome(said.score, fold.judged.events, threshold, fitted.seconds, told)
    if fold.vacant is None:
        return outcome
    empty = fitted.model.score_days(fold.vacant.days)
    return replace(
        outcome, vacant_scores=empty.score, vacant=fold.vacant.events, vacant_kinds=empty.kind_share.argmax(axis=2)
    )


def _guess_kinds(days: MeterDays, kind_share: np.ndarray, is_anomaly: np.ndarray) -> np.ndarray:
    """`[M, D]` the kind of fault of each anomalous day, as its own readings allow it; empty of the others."""
    told = np.full(days.shape, "", object)
    meters, numbers = np.nonzero(is_anomaly)
    for first in range(0, len(meters), ROWS_AT_ONCE):
        part = meters[first : first + ROWS_AT_ONCE], numbers[first : first + ROWS_AT_ONCE]
        by_clock = days_by_clock(days.batch(*part))
        told[part] = guess_faults(kind_share[part], fitting_kinds(by_clock[:, :-1], by_clock[:, -1:]))
    return told


def _score(fitted: Fitted, days: MeterDays) -> np.ndarray:
    """Scores `[M, D]`; NaN where too little is known before a day, whoever scores it."""
    return np.where(days.is_known(), fitted.score(days), np.nan)
