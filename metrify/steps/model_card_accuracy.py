"""The sections of a model card that say how good the model is."""

from collections.abc import Mapping, Sequence

import pandas as pd

from metrify.forecasting.evaluation.cold_start import COLD_START, HISTORY_DAYS
from metrify.steps.evaluation_report import CHAMPION, DISTRICT_SCOPE, RIVALS, UNCALIBRATED
from metrify.steps.markdown import bullet_list, markdown_table
from metrify.units import HOURS_PER_DAY

_MIN_METERS = 5  # in a district that is shown: the figures of fewer tell of single households
_OWN = {
    "nrmse": "NRMSE",
    "mase": "MASE, median over meters",
    "coverage": "Coverage of the outermost quantiles",
    "interval_width_kwh": "Mean distance of the outermost quantiles, kWh",
    "peak_error": "Error of the daily peak, share of it",
    "peak_timing_intervals": "Error of the daily peak's time, intervals",
    "portfolio_wape": "WAPE of the sum over all meters",
    "portfolio_wape_of_medians": "The same, where medians are summed instead of means",
}
_DISTRICT_METRICS = ("wape", "pinball", "coverage")


def accuracy_section(metrics: Mapping[str, float]) -> str:
    """The model beside the baselines and the champion.

    Args:
        metrics: Of `evaluate_forecaster`.
    """
    rows: list[list[object]] = [["this model", metrics["wape"], metrics["pinball"], ""]]
    for rival in RIVALS:
        if f"wape_{rival}" in metrics:
            p_value = metrics.get(f"dm_p_{rival}")
            verdict = "" if p_value is None else f"{p_value:.3g}"
            rows.append([rival.replace("_", " "), metrics[f"wape_{rival}"], metrics[f"pinball_{rival}"], verdict])
    parts = [
        f"On {metrics['test_rows']:.0f} forecasts for {metrics['test_meters']:.0f} meters at "
        f"{metrics['test_origins']:.0f} origins, none of which it was fitted to, chosen by or calibrated on.",
        markdown_table(["forecast", "WAPE", "pinball", "p"], rows),
        "p is that of a Diebold-Mariano test: how likely a lead like the model's is if it is no better.",
    ]
    if f"wape_{CHAMPION}" not in metrics:
        parts.append("It was compared with no champion: there was none, or none that reads and says the same.")
    elif metrics["is_champion"]:
        parts.append("It is the champion itself.")
    return "\n\n".join([*parts, bullet_list({text: metrics[name] for name, text in _OWN.items() if name in metrics})])


def district_section(tables: pd.DataFrame) -> str:
    """The metrics of the districts that are large enough.

    Args:
        tables: Of `evaluate_forecaster`.
    """
    wide = tables[tables["scope"] == DISTRICT_SCOPE].pivot(index=["group", "meters"], columns="metric", values="value")
    wide = wide.reset_index()
    shown = wide[wide["meters"] >= _MIN_METERS]
    rows = [
        [row["group"] or "no district", int(row["meters"]), *(float(row[name]) for name in _DISTRICT_METRICS)]
        for _, row in shown.iterrows()
    ]
    parts = [markdown_table(["district", "meters", *_DISTRICT_METRICS], rows)] if rows else []
    if len(wide) > len(shown):
        parts.append(
            f"{len(wide) - len(shown)} of {len(wide)} districts are left out: they have fewer than {_MIN_METERS} test "
            "meters."
        )
    return "\n\n".join(parts)


def calibration_section(metrics: Mapping[str, float], levels: Sequence[float]) -> str:
    """The intervals of the test rows before and after their calibration.

    Args:
        metrics: Of `evaluate_forecaster`.
        levels: The quantile levels.
    """
    if f"coverage_{UNCALIBRATED}" not in metrics:
        return "The intervals are not calibrated."
    names = {"coverage": "coverage", "interval_width_kwh": "mean width, kWh", "pinball": "pinball"}
    rows = [[text, metrics[f"{name}_{UNCALIBRATED}"], metrics[name]] for name, text in names.items()]
    return (
        f"The outermost quantiles should cover {levels[-1] - levels[0]:.0%} of the readings. Factors that were fitted "
        f"on the validation rows widen or narrow the intervals.\n\n{markdown_table(['', 'before', 'after'], rows)}"
    )


def new_meters_section(metrics: Mapping[str, float], min_days: int) -> str:
    """The metrics of test rows as if their meters were new.

    Args:
        metrics: Of `evaluate_forecaster`.
        min_days: Days of readings that a meter needs.
    """
    if f"wape_{COLD_START}_whole" not in metrics:
        return (
            "How well it forecasts meters with little history was not measured: no window could be cut and completed."
        )
    histories = {f"{days}d": f"{days} d, completed" for days in HISTORY_DAYS} | {"whole": "whole window"}
    rows: list[list[object]] = [
        [text, metrics[f"wape_{COLD_START}_{name}"], metrics[f"coverage_{COLD_START}_{name}"]]
        for name, text in histories.items()
        if f"wape_{COLD_START}_{name}" in metrics
    ]
    rows.append(["yesterday, repeated, in place of the model", metrics[f"wape_{COLD_START}_yesterday"], ""])
    return (
        f"A meter is forecast once it has {min_days * HOURS_PER_DAY} hours of readings: the time before is "
        "completed from its own readings by the profile of the training meters, and the forecast is marked as "
        f"degraded. On {metrics[f'{COLD_START}_rows']:.0f} of the test forecasts, whose windows were cut:\n\n"
        + markdown_table(["history", "WAPE", "coverage"], rows)
    )
