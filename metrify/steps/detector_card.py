"""Writes a detector's model card: what it is for, what it was made of, how good it is and what it is not for.

The sections follow Mitchell et al. 2019, doi 10.1145/3287560.3287596.
"""

from collections.abc import Mapping
from pathlib import Path

from metrify.anomaly.baselines import BASELINES
from metrify.anomaly.kinds import DESCRIPTIONS, FAULTS
from metrify.bundles.manifest import BundleDescription
from metrify.config.anomaly_detection import AnomalyDetectionConfig
from metrify.steps.markdown import bullet_list, markdown_table
from metrify.steps.measured_days import MeasuredDays


def write_detector_card(
    path: Path,
    described: BundleDescription,
    measured: MeasuredDays,
    metrics: Mapping[str, float],
    config: AnomalyDetectionConfig,
    code_version: str,
) -> None:
    """Writes the card. It names no meter.

    Args:
        path: Markdown file to write.
        described: What the bundle says of the detector.
        measured: The days that it was trained and judged on.
        metrics: Of `evaluate_detector`.
        config: What it was trained with.
        code_version: Version of the code that trained it.
    """
    sections = {
        "Purpose": _purpose(described, config),
        "Data": _data(described, measured),
        "Parameters": markdown_table(["parameter", "value"], list(config.model_dump(mode="json").items())),
        "Accuracy": _accuracy(metrics, config),
        "Limits": _limits(described, config),
        "Code": f"Metrify {code_version}.",
    }
    title = f"# Model card: {described.name}, {described.model_type}"
    text = "\n\n".join([title, *(f"## {name}\n\n{text}" for name, text in sections.items())]) + "\n"
    path.write_text(text, encoding="utf-8")


def _purpose(described: BundleDescription, config: AnomalyDetectionConfig) -> str:
    return (
        f"Judges a day of a smart meter by the {config.history_days} days before it, and says how unusual it is, "
        "whether that is worth a look, what it may be and which readings make it so. It reads "
        f"{described.sequence_length} intervals of {described.resolution_minutes} minutes of the same meter. It is "
        "made to tell field crews where to look first, not to accuse anybody: what it calls theft is a load that is "
        "lower by one factor at all hours."
    )


def _data(described: BundleDescription, measured: MeasuredDays) -> str:
    source = {
        "Dataset": described.dataset_name,
        "SHA-256": described.dataset_fingerprint,
        "Licence": measured.info.licence,
        "Citation": measured.info.citation,
        "Judged days": f"{described.training_period[0]} to {described.training_period[1]}",
    }
    count = {"training": int((~measured.is_test).sum()), "test": int(measured.is_test.sum())}
    rows = [[side, meters, meters * measured.days.shape[1]] for side, meters in count.items()]
    return f"{bullet_list(source)}\n\n{markdown_table(['side', 'meters', 'meter-days'], rows)}"


def _accuracy(metrics: Mapping[str, float], config: AnomalyDetectionConfig) -> str:
    rivals = {"the detector": "vus_pr", **{name: f"vus_pr_{name}" for name in (*BASELINES, "champion")}}
    quality = [[who, metrics[name]] for who, name in rivals.items() if name in metrics]
    kinds = [
        [kind.value, metrics[f"event_recall_{kind.value}"], DESCRIPTIONS[kind]]
        for kind in FAULTS
        if f"event_recall_{kind.value}" in metrics
    ]
    return (
        f"Of {metrics['test_events']:.0f} events that were put into test meters, one a meter, "
        f"{metrics['event_recall']:.1%} were found, with {metrics['false_alarms_per_meter_month']:.3g} false alarms in "
        f"a meter-month (wanted: {config.false_alarms_per_meter_month:g}). F1 of events is {metrics['event_f1']:.3f}, "
        f"the area under precision and recall of days {metrics['auc_pr']:.3f}. An event counts as found where one of "
        "its days is called anomalous, so long ones are found by chance, too.\n\n"
        f"{markdown_table(['VUS-PR', 'value'], quality)}\n\n"
        f"{markdown_table(['kind', 'found', 'what it is'], kinds)}"
    )


def _limits(described: BundleDescription, config: AnomalyDetectionConfig) -> str:
    return bullet_list(
        [
            f"It knows loads like those of {described.dataset_name} in {described.country}. It was judged on faults "
            "that were put into measured readings, not on ones that a crew has seen.",
            f"After a fault that lasted for weeks has ended, the {config.history_days} days before are those of the "
            "fault, and ordinary days look unusual for a while.",
            "A fault that was there from a meter's first reading on is what is usual for it, and is not found.",
            f"A day with more than {config.max_missing_share:.0%} of its readings missing is listed as missing, and "
            "not judged.",
            "An empty home is told apart from a fault by its standby load. Where there is none, it looks like a dead "
            "meter.",
        ]
    )
