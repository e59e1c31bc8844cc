"""Chooses who decides when a bundle is served: what was learnt, or the plan that is made anew at each step."""

from pathlib import Path
from typing import get_args

from metrify.config import Home, MetrifyConfig
from metrify.grid.bundled_feeder import GRID_SECTION
from metrify.grid.expected_hours import usual_kvar_per_kw
from metrify.grid.run_weeks import run_weeks
from metrify.grid.training_weeks import split_weeks
from metrify.steps.bundle_description import read_description, write_description
from metrify.steps.feeder_case import LEARNT, ServedController, load_case, telling
from metrify.steps.reuse import UNREAD_BY_CONTROLLERS, reusable


@reusable(outputs=("chosen",), ignores=UNREAD_BY_CONTROLLERS)
def choose_controller(
    feeder: Path,
    forecasts: Path,
    model: Path,
    description: Path,
    chosen: Path,
    config: MetrifyConfig,
    home: Home | None = None,
) -> dict[str, float]:
    """Lets both run the weeks that are kept for this, and takes the one with fewer violations, then the lower cost.

    The weeks of the evaluation stay out of it, so that what is told of the choice is not made by it.

    Args:
        feeder: Folder of `load_feeder`.
        forecasts: File of `forecast_feeder`.
        model: ONNX file of `train_controller`.
        description: File of `train_controller`.
        chosen: JSON file to write: the description, with the choice, the tariff and what loads usually draw of reactive
            power as the section `grid` of the bundle's thresholds.
        config: The sections `training.grid_optimization` and `grid`.
        home: Where results of earlier runs are kept.

    Returns:
        Cost and violations of both, and whether the learnt one is chosen.

    Raises:
        GridError: A step has no plan, or the model is none of this feeder.
    """
    case = load_case(feeder, forecasts, config)
    zone = case.stored.timezone
    _, weeks = split_weeks(case.stored.profiles, zone, config.training.grid_optimization)
    found: dict[ServedController, tuple[int, float]] = {}
    for name in get_args(ServedController):
        ran = run_weeks(
            case.controller(name, model), case.expectations, weeks, case.tariff, zone, telling(f"choosing: {name}")
        )
        settled = [week.settled for week in ran]
        found[name] = sum(one.violations for one in settled), sum(one.cost_eur for one in settled)
    best = min(found, key=lambda name: found[name])
    described, thresholds = read_description(description)
    choice = {
        "controller": best,
        "tariff": config.grid.tariff.model_dump(),
        "kvar_per_kw": usual_kvar_per_kw(case.stored.profiles).tolist(),
    }
    write_description(chosen, described, {**thresholds, GRID_SECTION: choice})
    figures = {f"cost_eur_{name}": cost for name, (_, cost) in found.items()}
    figures |= {f"violations_{name}": float(violations) for name, (violations, _) in found.items()}
    return {**figures, "is_learnt": float(best == LEARNT)}


def chosen_controller(thresholds: dict[str, object]) -> ServedController:
    """Who decides, from a bundle's thresholds or those of `choose_controller`."""
    section = thresholds[GRID_SECTION]
    name = section["controller"] if isinstance(section, dict) else None
    return next(known for known in get_args(ServedController) if known == name)
