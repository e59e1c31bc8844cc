"""Trains the learnt controller of a feeder and exports it."""

import json
from pathlib import Path

from metrify.config import Home, MetrifyConfig
from metrify.grid.training_weeks import split_weeks
from metrify.steps.bundle_description import write_description
from metrify.steps.describe_controller import describe_controller
from metrify.steps.feeder_case import load_case
from metrify.steps.progress import tell_progress
from metrify.steps.reuse import UNREAD_BY_CONTROLLERS, reusable


@reusable(outputs=("model", "curve", "description"), ignores=UNREAD_BY_CONTROLLERS)
def train_controller(
    feeder: Path,
    forecasts: Path,
    model: Path,
    curve: Path,
    description: Path,
    config: MetrifyConfig,
    home: Home | None = None,
) -> dict[str, float]:
    """Fits what `training.grid_optimization.model_type` names to weeks that it is neither judged nor chosen on.

    Args:
        feeder: Folder of `load_feeder`.
        forecasts: File of `forecast_feeder`.
        model: ONNX file to write, from views to actions.
        curve: JSON file to write: the losses by epoch.
        description: JSON file to write: what the bundle says of the model.
        config: The sections `training.grid_optimization` and `grid`.
        home: Where results of earlier runs are kept.

    Returns:
        Weeks and decisions that it has learnt from.

    Raises:
        GridError: There is no week to learn from, or a step has no plan.
    """
    from metrify.grid.training.train_controller import train_controller as train

    case, parameters = load_case(feeder, forecasts, config), config.training.grid_optimization
    profiles = case.stored.profiles
    weeks, _ = split_weeks(profiles, case.stored.timezone, parameters)
    trained = train(case.view, profiles, case.forecasts, weeks, parameters, model, tell_progress)
    curve.write_text(json.dumps(_by_epoch(trained.curve), indent=2), encoding="utf-8")
    write_description(description, describe_controller(case, feeder, weeks, config), {})
    return {"weeks": min(len(weeks), parameters.max_training_weeks), "decisions": trained.demonstrations}


def _by_epoch(curves: dict[str, list[dict[str, float]]]) -> list[dict[str, float]]:
    """The losses of each epoch, of all that was fitted together, as the registry logs them."""
    longest = max((len(curve) for curve in curves.values()), default=0)
    return [
        {
            f"{name}_{key}": value
            for name, curve in curves.items()
            if epoch < len(curve)
            for key, value in curve[epoch].items()
        }
        for epoch in range(longest)
    ]
