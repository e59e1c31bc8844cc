"""Recommends what a feeder's elements do on one day."""

import datetime
from dataclasses import dataclass
from typing import Literal

import numpy as np

from metrify.config import Home, MetrifyConfig
from metrify.errors import GridError
from metrify.grid.controllers.controller import Controller
from metrify.grid.controllers.predictive import ModelPredictive
from metrify.grid.controllers.rules import NoControl, SelfConsumption
from metrify.grid.feeder import Feeder, Profiles
from metrify.grid.grid_plan import GridPlan
from metrify.grid.optimize_grid import optimize_grid
from metrify.grid.state import State
from metrify.grid.tariff import Tariff
from metrify.steps.expect_feeder import expected_profiles
from metrify.steps.find_feeder import find_feeder

ControllerName = Literal["model_predictive", "self_consumption", "none"]


@dataclass(frozen=True, eq=False)
class FeederDay:
    """A plan of one day.

    Attributes:
        plan: What is recommended.
        timezone: IANA name of the feeder's local time.
        source: What is expected, in words.
    """

    plan: GridPlan
    timezone: str
    source: str


def optimize_feeder(
    name: str,
    config: MetrifyConfig,
    home: Home,
    day: datetime.date | None = None,
    controller: ControllerName = "model_predictive",
    stored_kwh: float = 0.0,
    peak_kw: float = 0.0,
    is_measured: bool = False,
) -> FeederDay:
    """Plans a day of a feeder. Where nothing is expected of it, the self-consumption rule decides, and that is told.

    Args:
        name: One of SimBench's grids, or an imported feeder.
        config: Of which the tariff is taken.
        home: Where imported feeders lie.
        day: Local date; the last whole one of its profiles without it.
        controller: Who decides.
        stored_kwh: In all batteries together when the day begins, each as full as the others.
        peak_kw: What has flowed in at most before, in the time that the peak is charged for.
        is_measured: Whether the day is to be planned as it came.

    Raises:
        GridError: There is no such feeder or day, or nothing of the feeder can be controlled.
        PowerFlowError: A step has no solution.
    """
    stored, tariff = find_feeder(name, home), Tariff(**config.grid.tariff.model_dump())
    expected, feeder = expected_profiles(stored, day, home, is_measured), stored.feeder
    chosen = "self_consumption" if expected.degraded_reason and controller == "model_predictive" else controller
    plan = optimize_grid(
        feeder,
        expected.profiles,
        _state(feeder, stored_kwh),
        tariff,
        stored.timezone,
        _controller(chosen, feeder, tariff, stored.timezone, expected.profiles),
        chosen,
        peak_kw,
        expected.degraded_reason if chosen != controller else "",
    )
    return FeederDay(plan, stored.timezone, expected.source)


def _controller(name: ControllerName, feeder: Feeder, tariff: Tariff, timezone: str, expected: Profiles) -> Controller:
    if name == "none":
        return NoControl(feeder)
    if name == "self_consumption":
        return SelfConsumption(feeder)
    return ModelPredictive(feeder, tariff, timezone, len(expected) * expected.hours)


def _state(feeder: Feeder, stored_kwh: float) -> State:
    capacity_kwh = feeder.batteries.capacity_kwh
    whole = float(capacity_kwh.sum())
    if not 0 <= stored_kwh <= whole:
        raise GridError(
            f"The batteries of {feeder.network.name} can't hold {stored_kwh:g} kWh.", f"Give 0 to {whole:g}."
        )
    empty = State.empty(feeder)
    return State(capacity_kwh * (stored_kwh / whole) if whole else np.zeros(0), empty.owed_kwh, empty.tap)
