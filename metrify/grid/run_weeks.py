"""Lets a controller run a feeder through whole weeks of a year, each from empty batteries on, and settles them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from metrify.grid.controllers.controller import Controller
from metrify.grid.dispatch import plan_dispatch
from metrify.grid.evaluation import Week
from metrify.grid.feeder import Feeder, Profiles
from metrify.grid.forecasts.expected_profiles import Expectations
from metrify.grid.setpoints import Setpoints
from metrify.grid.settlement import Settlement, settle
from metrify.grid.simulation import simulate
from metrify.grid.state import State
from metrify.grid.tariff import Tariff


@dataclass(frozen=True, eq=False)
class ControlledWeek:
    """What was done in a week, and what it came to.

    Attributes:
        week: Which one.
        setpoints: Of its T steps.
        settled: What they come to.
        decision_ms: `[T]` wall time of each decision; empty where all were made at once.
    """

    week: Week
    setpoints: Setpoints
    settled: Settlement
    decision_ms: np.ndarray


def run_weeks(
    controller: Controller,
    expectations: Expectations,
    weeks: Sequence[Week],
    tariff: Tariff,
    timezone: str,
    tell: Callable[[str], None] = lambda line: None,
) -> list[ControlledWeek]:
    """Lets a controller decide each step of weeks, with what could be expected when it began.

    Args:
        controller: Who decides.
        expectations: Of the feeder and its year.
        weeks: Of the year.
        tariff: Prices.
        timezone: IANA name of the local time.
        tell: Told how far it is.

    Raises:
        GridError: A step has no plan.
        PowerFlowError: A step has no solution.
    """
    feeder, done = expectations.feeder, []
    for number, week in enumerate(weeks, start=1):
        actual, state = expectations.year.steps(week.first, week.steps), State.empty(feeder)

        def expect(step: int, week: Week = week) -> Profiles:
            return expectations.at(week.first + step, week.first + week.steps)

        ran = simulate(controller, feeder, actual, expect, state)
        settled = settle(feeder, actual, ran.setpoints, state, tariff, timezone)
        done.append(ControlledWeek(week, ran.setpoints, settled, ran.decision_ms))
        tell(f"{number} of {len(weeks)} weeks")
    return done


def foresee_weeks(
    feeder: Feeder,
    year: Profiles,
    weeks: Sequence[Week],
    tariff: Tariff,
    timezone: str,
    tell: Callable[[str], None] = lambda line: None,
) -> list[ControlledWeek]:
    """The cheapest that can be done in weeks, for whoever knows all of each: what savings are measured by.

    Args:
        feeder: What is connected.
        year: What really came.
        weeks: Of the year.
        tariff: Prices.
        timezone: IANA name of the local time.
        tell: Told how far it is.

    Raises:
        GridError: The bounds leave nothing to choose.
        PowerFlowError: A step has no solution.
    """
    done = []
    for number, week in enumerate(weeks, start=1):
        actual, state = year.steps(week.first, week.steps), State.empty(feeder)
        setpoints = plan_dispatch(feeder, actual, state, tariff, timezone).setpoints
        settled = settle(feeder, actual, setpoints, state, tariff, timezone)
        done.append(ControlledWeek(week, setpoints, settled, np.zeros(0)))
        tell(f"{number} of {len(weeks)} weeks")
    return done
