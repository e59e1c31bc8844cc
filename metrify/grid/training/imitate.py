"""Learning from a teacher in rounds: at first it acts itself, then the learner does and is told what would be right."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from metrify.config.grid_optimization import GridOptimizationConfig
from metrify.grid.controllers.learnt import ActionLayout, LearntController
from metrify.grid.controllers.onnx_policy import OnnxPolicy
from metrify.grid.controllers.view import ControlView
from metrify.grid.evaluation import Week
from metrify.grid.feeder import Profiles
from metrify.grid.forecasts.expected_profiles import Expectations
from metrify.grid.training.demonstrations import Demonstrations, demonstrate

_EVERY = 2  # steps of a learner's weeks, of which the teacher is asked once
_PARTS = 2  # of the weeks, of which a round goes through one


class FittedPolicy(Protocol):
    """A policy that was fitted.

    Attributes:
        curve: Its losses by epoch.
    """

    curve: list[dict[str, float]]

    def export_onnx(self, path: Path) -> None:
        """Writes its graph, of an `OnnxPolicy`."""


Fit = Callable[[Demonstrations, GridOptimizationConfig], FittedPolicy]


def imitate(
    fit: Fit,
    view: ControlView,
    year: Profiles,
    expectations: Expectations,
    weeks: Sequence[Week],
    config: GridOptimizationConfig,
    path: Path,
    tell: Callable[[str], None],
) -> tuple[FittedPolicy, Demonstrations]:
    """Fits a policy to demonstrations, and then to what it was told of its own weeks, `demonstration_rounds` times.

    Args:
        fit: Of the learner.
        view: Of the feeder.
        year: What really comes.
        expectations: What the learner sees of it.
        weeks: Of the year, to learn from.
        config: Rounds and seed.
        path: The ONNX file to write, anew in each round.
        tell: Told how far it is.

    Returns:
        The policy of the last round, and all demonstrations.

    Raises:
        GridError: A step has no plan.
    """
    layout = ActionLayout(view.feeder, view.scale_kw)
    shown = demonstrate(view, year, expectations, weeks, None, config.seed, tell=_naming("teacher", tell))
    for number in range(config.demonstration_rounds + 1):
        tell(f"fitting a policy to {len(shown):,} decisions")
        fitted = fit(shown, config)
        fitted.export_onnx(path)
        if number == config.demonstration_rounds:
            break
        name = f"round {number + 1} of {config.demonstration_rounds}"
        learner = LearntController(view, OnnxPolicy(path, view.size, layout.size))
        part, seed = weeks[number % _PARTS :: _PARTS], config.seed + number + 1
        shown = shown.joined(demonstrate(view, year, expectations, part, learner, seed, _EVERY, _naming(name, tell)))
    return fitted, shown


def _naming(name: str, tell: Callable[[str], None]) -> Callable[[str], None]:
    return lambda line: tell(f"{name}, {line}")
