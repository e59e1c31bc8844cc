"""Evaluates a detector beside what users would pick instead and the champion, on events put into test meters."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from metrify.anomaly.baselines import BASELINES, score_by_rule
from metrify.anomaly.detector_model import DetectorModel
from metrify.anomaly.evaluation import (
    TrueEvents,
    average_precision,
    join_events,
    judge_alarms,
    merge_alarms,
    volume_under_surface,
)
from metrify.anomaly.injected_events import inject_events
from metrify.anomaly.kinds import FAULTS
from metrify.anomaly.meter_days import MeterDays
from metrify.bundles.load import Bundle
from metrify.bundles.manifest import DETECTOR_NAME
from metrify.config import Home, MetrifyConfig
from metrify.steps.bundle_description import read_description
from metrify.steps.champion import find_comparable_champion
from metrify.steps.detector_card import write_detector_card
from metrify.steps.measured_days import load_measured_days
from metrify.steps.progress import tell_progress

_EVENTS = 270  # 30 of each kind, as far as there are days for it
_MOST_ROUNDS = 8

Scores = Callable[[MeterDays], np.ndarray]


@dataclass(frozen=True, eq=False)
class _Round:
    """Test meters with one draw of events, and what each rival says of their days, `[M, D]` by name."""

    events: TrueEvents
    scores: dict[str, np.ndarray]


def evaluate_detector(
    dataset: Path,
    verdicts: Path,
    model: Path,
    description: Path,
    output: Path,
    model_card: Path,
    config: MetrifyConfig,
    code_version: str,
    home: Home | None = None,
) -> dict[str, float]:
    """Writes and returns the metrics of the test meters, which neither the fit nor the threshold has seen.

    Events are put into half of the test meters, in several draws where there are few meters. What was wrong with the
    readings before nobody knows, so it counts as a false alarm.

    Args:
        dataset: Dataset folder.
        verdicts: Folder of `validate_readings`.
        model: ONNX file of `train_detector`.
        description: File of `train_detector`.
        output: JSON file to write: the metrics.
        model_card: Markdown file to write: what the detector is, and how good.
        config: The detector, the splits, and the tracking address.
        code_version: Version of the code that trained it.
        home: Where the champion is found.

    Returns:
        `event_recall`, that of each kind, `event_f1`, `false_alarms_per_meter_month`, `auc_pr` and `vus_pr`, and
        `vus_pr` of each baseline and of the champion.

    Raises:
        AnomalyError: The readings are too short for the longest of the events.
        TrackingError: MLflow, which knows the champion, can't be reached or refuses.
    """
    home = home or Home.from_environment()
    measured = load_measured_days(dataset, verdicts, config)
    days = measured.days.choose(np.flatnonzero(measured.is_test))
    champion = find_comparable_champion(DETECTOR_NAME, days.context, (), (), (), config, home)
    rounds = _score_rounds(days, _rivals(model, champion), config.training.anomaly_detection.seed)
    _, thresholds = read_description(description)
    threshold = np.float32(dict(thresholds["anomaly"])["threshold"])  # type: ignore[call-overload]
    metrics = _judge(rounds, float(threshold), config.training.anomaly_detection.max_gap_days)
    metrics |= {"test_meters": float(days.shape[0]), "test_days": float(days.shape[0] * days.shape[1])}
    if champion:
        metrics["is_champion"] = float(champion.model_path.read_bytes() == model.read_bytes())
    output.write_text(json.dumps(metrics, indent=2), encoding="utf-8")
    described, _ = read_description(description)
    write_detector_card(model_card, described, measured, metrics, config.training.anomaly_detection, code_version)
    return metrics


def _rivals(model: Path, champion: Bundle | None) -> dict[str, Scores]:
    """The detector, the baselines and the champion by the ending of their metrics' names."""
    detector = DetectorModel(model)
    rivals: dict[str, Scores] = {"": lambda days: detector.score_days(days).score}
    for name, rule in BASELINES.items():
        rivals[f"_{name}"] = lambda days, rule=rule: score_by_rule(days, rule)  # type: ignore[misc]
    if champion:
        other = DetectorModel(champion.model_path)
        rivals["_champion"] = lambda days: other.score_days(days).score
    return rivals


def _score_rounds(days: MeterDays, rivals: dict[str, Scores], seed: int) -> list[_Round]:
    rounds: list[_Round] = []
    turns, draws = 0, min(-(-_EVENTS // max(days.shape[0] // 2, 1)), _MOST_ROUNDS)
    for draw in range(draws):
        injected = inject_events(days, FAULTS, seed + draw, turns)
        turns += len(injected.events)
        rounds.append(_Round(injected.events, {name: scores(injected.days) for name, scores in rivals.items()}))
        tell_progress(f"scored {draw + 1} of {draws} draws of events")
    return rounds


def _judge(rounds: list[_Round], threshold: float, max_gap_days: int) -> dict[str, float]:
    """Metrics of all draws together: each draw's meters count as meters of their own."""
    events = join_events([drawn.events for drawn in rounds], [len(drawn.scores[""]) for drawn in rounds])
    scores = {name: np.concatenate([drawn.scores[name] for drawn in rounds]) for name in rounds[0].scores}
    own = scores[""]
    anomalous, scored = own > threshold, np.isfinite(own)
    found = judge_alarms(merge_alarms(anomalous, scored, max_gap_days), anomalous, events, scored)
    return {
        "event_recall": found.recall,
        "event_f1": found.f1,
        "false_alarms_per_meter_month": found.false_alarms_per_meter_month,
        "auc_pr": average_precision(own, events.labels((own.shape[0], own.shape[1]))),
        **{f"vus_pr{name}": volume_under_surface(s, events, max_thresholds=s.size) for name, s in scores.items()},
        **{f"event_recall_{kind}": recall for kind, recall in found.recall_by_kind.items()},
        "test_events": float(found.events),
    }
