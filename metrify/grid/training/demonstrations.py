"""Decisions to learn from: what the linear program of model predictive control does, at states that learners get into.

It plans with what is expected, as the learner has to. What a plan with perfect foresight does depends on what nobody
could know, and a learner of it does the mean of decisions that are each right in another future.

A learner that has only seen the states of its teacher does not know how to go on after its own mistakes. So the states
come from the learner, and what to do in them from the teacher (DAgger: Ross, Gordon and Bagnell 2011,
proceedings.mlr.press/v15/ross11a).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from metrify.grid.controllers.controller import Controller, Observation
from metrify.grid.controllers.learnt import ActionLayout
from metrify.grid.controllers.predictive import ModelPredictive
from metrify.grid.controllers.view import ControlView
from metrify.grid.evaluation import Week
from metrify.grid.feeder import Profiles
from metrify.grid.forecasts.expected_profiles import Expectations
from metrify.grid.setpoints import Setpoints
from metrify.grid.settlement import run_setpoints
from metrify.grid.state import State

_WEEK_HOURS = 168.0


@dataclass(frozen=True, eq=False)
class Demonstrations:
    """N decisions.

    Attributes:
        views: `[N, F]` float32 of `ControlView`.
        actions: `[N, D]` float32 of `ActionLayout`, what the teacher does.
        weeks: `[N]` numbers of the weeks that they are of.
    """

    views: np.ndarray
    actions: np.ndarray
    weeks: np.ndarray

    def __len__(self) -> int:
        return len(self.views)

    def joined(self, other: "Demonstrations") -> "Demonstrations":
        """Both."""
        return Demonstrations(
            np.concatenate([self.views, other.views]),
            np.concatenate([self.actions, other.actions]),
            np.concatenate([self.weeks, other.weeks]),
        )


def demonstrate(
    view: ControlView,
    year: Profiles,
    expectations: Expectations,
    weeks: Sequence[Week],
    learner: Controller | None,
    seed: int,
    every: int = 1,
    tell: Callable[[str], None] = lambda line: None,
) -> Demonstrations:
    """Goes through weeks with a learner, or with the teacher itself, and notes what the teacher would do.

    Args:
        view: Of the feeder.
        year: What really comes.
        expectations: What can be known of it.
        weeks: Of the year.
        learner: Who acts; the teacher without one.
        seed: Of what batteries hold at first.
        every: The teacher is asked at each so-manieth step, at each without a learner.
        tell: Told how far it is.
    """
    layout, draw = ActionLayout(view.feeder, view.scale_kw), np.random.default_rng(seed)
    views, actions, numbers = [], [], []
    for place, week in enumerate(weeks):
        teacher = ModelPredictive(view.feeder, view.tariff, view.timezone, _WEEK_HOURS)
        until, peak_kw = week.first + week.steps, 0.0
        held = draw.uniform(0, 0.5) * view.feeder.batteries.capacity_kwh
        state = State(held, np.zeros(len(view.feeder.load_names)), State.empty(view.feeder).tap)
        for step in range(week.first, until):
            left = (until - step) * year.hours
            seen = Observation(expectations.at(step, until), state, peak_kw, left)
            setpoints: Setpoints | None = None
            if learner is None or (step - week.first) % every == 0:
                setpoints = teacher.decide(seen)
                views.append(view.of(seen))
                actions.append(layout.encode(setpoints, teacher.aimed_kw))
                numbers.append(week.first)
            done = learner.decide(seen) if learner is not None else setpoints
            assert done is not None
            flow = run_setpoints(view.feeder, year.steps(step, 1), done)
            peak_kw = max(peak_kw, float(flow.slack_kw[0]))
            state = state.after(view.feeder, done, year.hours)
        tell(f"{place + 1} of {len(weeks)} weeks")
    return Demonstrations(np.stack(views), np.stack(actions), np.array(numbers))
