"""Writes a controller's model card: what it is for, what it was made of, how good it is and what it is not for.

The sections follow Mitchell et al. 2019, doi 10.1145/3287560.3287596.
"""

from collections.abc import Mapping
from pathlib import Path

from metrify.bundles.manifest import BundleDescription
from metrify.config import MetrifyConfig
from metrify.steps.controller_metrics import CHAMPION, NONE, PERFECT_FORESIGHT, SELF_CONSUMPTION
from metrify.steps.feeder_case import LEARNT, MODEL_PREDICTIVE, FeederCase, ServedController
from metrify.steps.markdown import bullet_list, markdown_table

_SHOWN = (NONE, SELF_CONSUMPTION, MODEL_PREDICTIVE, LEARNT, CHAMPION)


def write_controller_card(
    path: Path,
    described: BundleDescription,
    case: FeederCase,
    metrics: Mapping[str, float],
    chosen: ServedController,
    config: MetrifyConfig,
    code_version: str,
) -> None:
    """Writes the card. It names no load.

    Args:
        path: Markdown file to write.
        described: What the bundle says of the controller.
        case: What it was trained and judged on.
        metrics: Of `evaluate_controller`.
        chosen: Who decides when the bundle is served.
        config: What it was trained with.
        code_version: Version of the code that trained it.
    """
    values = config.training.grid_optimization.model_dump(mode="json") | {"tariff": config.grid.tariff.model_dump()}
    sections = {
        "Purpose": _purpose(described, chosen),
        "Data": _data(described, case),
        "Parameters": markdown_table(["parameter", "value"], _flat(values)),
        "Savings": _savings(metrics),
        "Limits": _limits(described, metrics),
        "Code": f"Metrify {code_version}.",
    }
    title = f"# Model card: {described.name}, {described.model_type}"
    text = "\n\n".join([title, *(f"## {name}\n\n{text}" for name, text in sections.items())]) + "\n"
    path.write_text(text, encoding="utf-8")


def _flat(values: Mapping[str, object]) -> list[list[object]]:
    """Names and values, those of sections as `section.name`."""
    rows: list[list[object]] = []
    for name, value in values.items():
        inner = _flat(value) if isinstance(value, Mapping) else [["", value]]
        rows += [[f"{name}.{part}".rstrip("."), number] for part, number in inner]
    return rows


def _purpose(described: BundleDescription, chosen: ServedController) -> str:
    return (
        f"Says every {described.resolution_minutes} minutes what the batteries, inverters, shiftable loads and the tap "
        f"changer of {described.dataset_name} should do, so that its operation costs least and no limit is breached. "
        "It sees what they hold, what is measured now and what is expected for the rest of the week. What it says is "
        f"moved to what the grid bears. When it is served, {chosen.replace('_', ' ')} decides, which was better on "
        "weeks that were kept for this choice. It recommends; it does not switch anything."
    )


def _data(described: BundleDescription, case: FeederCase) -> str:
    feeder = case.stored.feeder
    return bullet_list(
        {
            "Feeder": described.dataset_name,
            "SHA-256": described.dataset_fingerprint,
            "Buses": len(feeder.network.bus_names),
            "Loads": f"{len(feeder.load_names)}, of which {int((feeder.shiftable_kw > 0).sum())} can be shifted",
            "Inverters": f"{len(feeder.pv_names)} of {feeder.pv_kva.sum():.0f} kVA together",
            "Batteries": f"{len(feeder.batteries)} of {feeder.batteries.capacity_kwh.sum():.0f} kWh together",
            "Weeks that were learnt from": f"from {described.training_period[0]} to {described.training_period[1]}",
        }
    )


def _savings(metrics: Mapping[str, float]) -> str:
    rows = [
        [
            name.replace("_", " "),
            f"{metrics[f'saving_ratio_{name}']:.1%}",
            f"{metrics[f'cost_eur_per_week_{name}']:.2f}",
            f"{metrics[f'peak_kw_{name}']:.1f}",
            f"{metrics[f'violations_{name}']:.0f}",
        ]
        for name in _SHOWN
        if f"saving_ratio_{name}" in metrics
    ]
    best = metrics[f"cost_eur_per_week_{PERFECT_FORESIGHT}"]
    rows.append([PERFECT_FORESIGHT.replace("_", " "), "100.0%", f"{best:.2f}", "", ""])
    return (
        f"In {metrics['evaluated_weeks']:.0f} weeks that nothing of it has seen, it reaches "
        f"{metrics['saving_ratio']:.1%} of what perfect foresight saves beside no control, with "
        f"{metrics['violations']:.0f} violations. Peaks are means of weekly ones. The slowest of 100 decisions took "
        f"{metrics['decision_p99_ms']:.1f} ms.\n\n"
        + markdown_table(["controller", "of the possible saving", "EUR a week", "peak, kW", "violations"], rows)
    )


def _limits(described: BundleDescription, metrics: Mapping[str, float]) -> str:
    return bullet_list(
        [
            f"It controls {described.dataset_name} as it was when this was trained. With other elements, lines or "
            "prices it has to be trained again.",
            "It was judged on profiles of one year, with forecasts of a model that knew the rest of that year. A year "
            "with other weather or new customers may differ.",
            "Elements are taken to do what they are told at once. What a battery loses when it is idle is left out.",
            f"Voltages out of the planning band are a cost, not a limit: in {metrics['out_of_band_steps']:.0f} steps "
            f"they were, and in {metrics['out_of_band_steps_none']:.0f} without control.",
            "Where a forecast is missing, the self-consumption rule decides, and says so.",
        ]
    )
