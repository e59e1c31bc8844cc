"""Plans by a bundle. Servers and the command line share it, so that their answers agree."""

import time
from dataclasses import dataclass

import numpy as np

from metrify.grid.bundled_feeder import BundledFeeder
from metrify.grid.controllers.controller import Controller, Observation
from metrify.grid.controllers.finer_view import FinerView
from metrify.grid.controllers.learnt import ActionLayout, LearntController
from metrify.grid.controllers.onnx_policy import OnnxPolicy
from metrify.grid.controllers.predictive import ModelPredictive
from metrify.grid.controllers.rules import NoControl, SelfConsumption
from metrify.grid.feeder import Profiles
from metrify.grid.grid_plan import GridPlan
from metrify.grid.optimize_grid import optimize_grid
from metrify.grid.setpoints import Setpoints
from metrify.grid.state import State

LEARNT, MODEL_PREDICTIVE, SELF_CONSUMPTION, NONE = "learnt", "model_predictive", "self_consumption", "none"


@dataclass(frozen=True, eq=False)
class TimedPlan:
    """A plan, and how long its decisions took.

    Attributes:
        plan: Of T steps.
        decision_ms: `[T]` wall time of each decision.
    """

    plan: GridPlan
    decision_ms: np.ndarray


class BundledPlanner:
    """Plans steps of one feeder. It keeps a solver, so one thread at a time may use it.

    Args:
        bundled: The feeder, and who decides.

    Raises:
        GridError: The model is none of this feeder.
    """

    def __init__(self, bundled: BundledFeeder) -> None:
        self._bundled = bundled
        view = FinerView(bundled.feeder, bundled.tariff, bundled.timezone, bundled.minutes)
        layout = ActionLayout(bundled.feeder, view.scale_kw)
        self._learnt = LearntController(view, OnnxPolicy(bundled.policy, view.size, layout.size))
        self._predictive: dict[float, ModelPredictive] = {}

    def plan(
        self,
        expected: Profiles,
        state: State,
        peak_kw: float,
        controller: str | None = None,
        degraded_reason: str = "",
    ) -> TimedPlan:
        """What is recommended.

        Args:
            expected: Profiles of T steps, which may be longer than those that the controller has learnt from.
            state: At the beginning.
            peak_kw: What has flowed in at most before, in the time that the peak is charged for.
            controller: Who decides; whom the bundle names without it.
            degraded_reason: What is missing, so that the self-consumption rule decides; empty where nothing is.

        Raises:
            GridError: Nothing of the feeder can be controlled, or batteries can't hold what they are said to.
            PowerFlowError: A step has no solution.
        """
        bundled = self._bundled
        name = SELF_CONSUMPTION if degraded_reason else controller or bundled.controller
        timed = _Timed(self._controller(name, len(expected) * expected.hours))
        plan = optimize_grid(
            bundled.feeder,
            expected,
            state,
            bundled.tariff,
            bundled.timezone,
            timed,
            name,
            peak_kw,
            degraded_reason,
        )
        return TimedPlan(plan, np.array(timed.spent_ms))

    def _controller(self, name: str, hours: float) -> Controller:
        feeder = self._bundled.feeder
        if name == LEARNT:
            return self._learnt
        if name == SELF_CONSUMPTION:
            return SelfConsumption(feeder)
        if name == NONE:
            return NoControl(feeder)
        if hours not in self._predictive:
            tariff, zone = self._bundled.tariff, self._bundled.timezone
            self._predictive[hours] = ModelPredictive(feeder, tariff, zone, peak_hours=hours)
        return self._predictive[hours]


class _Timed:
    """A controller, and how long each of its decisions took."""

    def __init__(self, controller: Controller) -> None:
        self._controller, self.spent_ms = controller, list[float]()

    def decide(self, seen: Observation) -> Setpoints:
        """See `Controller`."""
        started = time.perf_counter()
        setpoints = self._controller.decide(seen)
        self.spent_ms.append(1000 * (time.perf_counter() - started))
        return setpoints
