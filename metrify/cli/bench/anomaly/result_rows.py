"""The rows of the rivals' outcomes, with the targets of London."""

from collections.abc import Mapping, Sequence

from metrify.cli.bench.anomaly.folds import BenchDays
from metrify.cli.bench.anomaly.kinds_told import kind_accuracy, vacancies_told
from metrify.cli.bench.anomaly.outcome import Outcome
from metrify.cli.bench.anomaly.rivals import CONTROLS, RANDOM
from metrify.cli.bench.anomaly.speed import DaySpeed
from metrify.cli.bench.forecast.household_protocols import LONDON
from metrify.cli.bench.report import Row
from metrify.config.anomaly_detection import AnomalyDetectionConfig

_RECALL, _FALSE_ALARMS, _VUS, _VUS_OVER_CONTROL, _TRAIN_SECONDS = 0.9, 1.0, 0.85, 1.5, 300.0
_DAYS_PER_CPU_SECOND = {
    "isolation_forest": 50_000.0,
    "autoencoder": 50_000.0,
    "lstm_autoencoder": 3_000.0,
    "ensemble": 3_000.0,
}
_RATIO = (0.8, 1.2)


def describe_row(dataset: str, bench: BenchDays) -> Row:
    """What was judged."""
    days = bench.days
    events = "one event in each of half of a fold's meters" if bench.labelled is None else "labelled events"
    note = (
        f"{dataset}: {days.shape[0]} meters, {days.shape[1]} days each. Folds by meter, {events}. No point adjustment."
    )
    return Row("anomaly.meter_days", float(days.shape[0] * days.shape[1]), "1", note=note)


def result_rows(
    dataset: str, outcomes: Sequence[Outcome], speeds: Mapping[str, DaySpeed], config: AnomalyDetectionConfig
) -> list[Row]:
    """The rows of all rivals. Those of the configured detector have targets on London, and no name of a model.

    Args:
        dataset: Name of the dataset.
        outcomes: Of the configured detector first.
        speeds: Of the detectors.
        config: What false alarms were wanted.
    """
    volumes = {outcome.name: outcome.vus_pr for outcome in outcomes}
    rows = _champion_rows(dataset, outcomes, volumes, config)
    for outcome in outcomes:
        metrics, name = outcome.metrics, f"anomaly.{outcome.name}"
        rows += [
            Row(f"{name}.event_recall", metrics.recall, "1", detail=dict(metrics.recall_by_kind)),
            Row(f"{name}.event_f1", metrics.f1, "1"),
            Row(f"{name}.false_alarms_per_meter_month", metrics.false_alarms_per_meter_month, "1"),
            Row(f"{name}.auc_pr", outcome.auc_pr, "1"),
            Row(f"{name}.vus_pr", volumes[outcome.name], "1"),
        ]
        if outcome.name in speeds:
            rows += _cost_rows(dataset, outcome, speeds[outcome.name])
    return rows


def _champion_rows(
    dataset: str, outcomes: Sequence[Outcome], volumes: Mapping[str, float], config: AnomalyDetectionConfig
) -> list[Row]:
    champion, is_london = outcomes[0], dataset == LONDON
    metrics, ratio = champion.metrics, champion.calibration(config.false_alarms_per_meter_month)
    controls = {name: volume for name, volume in volumes.items() if name in CONTROLS}
    best = max(controls, key=lambda name: controls[name], default=None)
    wanted = min(_VUS, _VUS_OVER_CONTROL * controls[best]) if best else _VUS
    by_chance = next((outcome.metrics.recall_by_kind for outcome in outcomes if outcome.name == RANDOM), {})

    def row(name: str, value: float, target: float | None, side: str, **others: object) -> Row:
        limit = {"target": target, "direction": side} if is_london and target is not None else {}
        return Row(f"anomaly.{name}", value, "1", **limit, **others)  # type: ignore[arg-type]

    rows = [
        row("event_recall", metrics.recall, _RECALL, ">=", note=f"{champion.name}; {metrics.events} events."),
        *(
            row(
                f"event_recall.{kind}",
                recall,
                None,
                ">=",
                **({"peer": RANDOM, "peer_value": by_chance[kind]} if kind in by_chance else {}),
            )
            for kind, recall in metrics.recall_by_kind.items()
        ),
        row("event_f1", metrics.f1, None, ">="),
        row("false_alarms_per_meter_month", metrics.false_alarms_per_meter_month, _FALSE_ALARMS, "<="),
        row("auc_pr", champion.auc_pr, None, ">="),
        row("vus_pr", volumes[champion.name], wanted, ">=", peer=best, peer_value=controls[best] if best else None),
    ]
    if ratio:
        limits = f"90 % interval over meters: {ratio.low:.2f} to {ratio.high:.2f}."
        rows.append(row("false_alarm_ratio_unseen", ratio.ratio, _RATIO[0], ">=", note=limits))
        rows.append(row("false_alarm_ratio_unseen_at_most", ratio.ratio, _RATIO[1], "<="))
    accuracy = kind_accuracy(champion)
    if accuracy is not None:
        rows.append(row("kind_accuracy", accuracy, None, ">=", note="Of found events."))
    return [*rows, *_vacancy_rows(champion)]


def _vacancy_rows(champion: Outcome) -> list[Row]:
    if champion.folds[0].vacant is None:
        return []
    called, told = vacancies_told(champion)
    fewer = "Of empty homes, those of which a day is called anomalous; the fewer the better."
    return [
        Row("anomaly.vacancy_alarm_share", called, "1", note=fewer),
        Row("anomaly.vacancy_day_share", told, "1", note="Of the days of empty homes, those taken for what they are."),
    ]


def _cost_rows(dataset: str, outcome: Outcome, speed: DaySpeed) -> list[Row]:
    is_london, name = dataset == LONDON, f"anomaly.{outcome.name}"
    target = _DAYS_PER_CPU_SECOND.get(outcome.name) if is_london else None
    seconds = max(fold.seconds for fold in outcome.folds)
    return [
        Row(
            f"{name}.meter_days_per_cpu_second",
            speed.days_per_cpu_second,
            "1/s",
            target,
            ">=" if target else None,
            note=f"Features {speed.features:.1f} and graph {speed.graph:.1f} microseconds a day, on one thread.",
        ),
        Row(
            f"{name}.train_seconds",
            seconds,
            "s",
            _TRAIN_SECONDS if is_london else None,
            "<=" if is_london else None,
            note="The longest of the folds, each four fifths of the meters less those of the threshold.",
            detail={"by_fold": [fold.seconds for fold in outcome.folds]},
        ),
    ]
