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
from metrify.grid.simulation import Simulated, simulate
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
    feeder, year = expectations.feeder, expectations.year

    def run(week: Week) -> Simulated:
        until = week.first + week.steps
        expect = lambda step: expectations.at(week.first + step, until)  # noqa: E731
        return simulate(controller, feeder, year.steps(week.first, week.steps), expect, State.empty(feeder))

    return _settle_weeks(run, feeder, year, weeks, tariff, timezone, tell)


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

    def plan(week: Week) -> Simulated:
        actual = year.steps(week.first, week.steps)
        return Simulated(plan_dispatch(feeder, actual, State.empty(feeder), tariff, timezone).setpoints, np.zeros(0))

    return _settle_weeks(plan, feeder, year, weeks, tariff, timezone, tell)


def _settle_weeks(
    decide: Callable[[Week], Simulated],
    feeder: Feeder,
    year: Profiles,
    weeks: Sequence[Week],
    tariff: Tariff,
    timezone: str,
    tell: Callable[[str], None],
) -> list[ControlledWeek]:
    done = []
    for number, week in enumerate(weeks, start=1):
        ran, actual = decide(week), year.steps(week.first, week.steps)
        settled = settle(feeder, actual, ran.setpoints, State.empty(feeder), tariff, timezone)
        done.append(ControlledWeek(week, ran.setpoints, settled, ran.decision_ms))
        tell(f"{number} of {len(weeks)} weeks")
    return done
