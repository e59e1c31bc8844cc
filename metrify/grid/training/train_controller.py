"""Trains a learnt controller of a feeder to its end: the training pipeline and the bench call this."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from metrify.config.grid_optimization import GridOptimizationConfig
from metrify.errors import GridError
from metrify.grid.controllers.view import ControlView
from metrify.grid.evaluation import Week
from metrify.grid.feeder import Profiles
from metrify.grid.forecasts.expected_profiles import Expectations
from metrify.grid.forecasts.hourly_forecaster import HourlyForecasts
from metrify.grid.training.imitate import imitate
from metrify.grid.training.multi_output import fit_multi_output

Curve = dict[str, list[dict[str, float]]]


@dataclass(frozen=True)
class TrainedController:
    """A policy in a file.

    Attributes:
        curve: Losses by round and epoch of what was fitted, by its name.
        demonstrations: How many decisions it has learnt from.
    """

    curve: Curve
    demonstrations: int


def train_controller(
    view: ControlView,
    year: Profiles,
    forecasts: HourlyForecasts,
    weeks: Sequence[Week],
    config: GridOptimizationConfig,
    path: Path,
    tell: Callable[[str], None],
) -> TrainedController:
    """Fits the learner that `model_type` names and writes its graph.

    Args:
        view: Of the feeder, with its tariff and its timezone.
        year: Profiles as they were measured.
        forecasts: From hours of the year, by a forecaster that has not seen the weeks of the evaluation.
        weeks: That may be learnt from.
        config: What to fit, and how.
        path: The ONNX file to write, of an `OnnxPolicy`.
        tell: Told what is being done.

    Raises:
        GridError: There is no week, or a step has no plan.
    """
    if not weeks:
        raise GridError("There is no week to learn from.", "Bring profiles of some months beside the evaluation.")
    draw = np.random.default_rng(config.seed)
    chosen = sorted(draw.choice(len(weeks), min(config.max_training_weeks, len(weeks)), replace=False).tolist())
    expectations = Expectations(view.feeder, year, forecasts)
    shown_weeks = [weeks[number] for number in chosen]
    fitted, shown = imitate(fit_multi_output, view, year, expectations, shown_weeks, config, path, tell)
    return TrainedController({config.model_type: fitted.curve}, len(shown))
