"""Recommends what a feeder's elements do on one day."""

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from metrify.config import Home, MetrifyConfig
from metrify.errors import GridError, UsageError
from metrify.grid.bundled_planner import BundledPlanner
from metrify.grid.controllers.controller import Controller
from metrify.grid.controllers.predictive import ModelPredictive
from metrify.grid.controllers.rules import NoControl, SelfConsumption
from metrify.grid.feeder import Feeder, Profiles
from metrify.grid.grid_plan import GridPlan
from metrify.grid.optimize_grid import optimize_grid
from metrify.grid.state import State
from metrify.grid.tariff import Tariff
from metrify.steps.expect_feeder import expected_profiles
from metrify.steps.find_controller import find_controller
from metrify.steps.find_feeder import find_feeder

ControllerName = Literal["learnt", "model_predictive", "self_consumption", "none"]
_LOOKING_AHEAD = (None, "learnt", "model_predictive")


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
    controller: ControllerName | None = None,
    stored_kwh: float = 0.0,
    peak_kw: float = 0.0,
    is_measured: bool = False,
    bundle: Path | None = None,
) -> FeederDay:
    """Plans a day of a feeder. Where nothing is expected of it, the self-consumption rule decides, and that is told.

    Where the feeder has a bundle, prices and reactive power are the bundle's, as in the answers of its service.

    Args:
        name: One of SimBench's grids, or an imported feeder.
        config: Of which the tariff is taken where the feeder has no bundle.
        home: Where imported feeders, services and the feature store lie.
        day: Local date; see `expected_profiles`.
        controller: Who decides; whom the bundle names without it, or a plan that looks ahead.
        stored_kwh: In all batteries together when the day begins, each as full as the others.
        peak_kw: What has flowed in at most before, in the time that the peak is charged for.
        is_measured: Whether the day is to be planned as it came.
        bundle: Folder of a controller's bundle; see `find_controller`.

    Raises:
        GridError: There is no such feeder or day, or nothing of the feeder can be controlled.
        PowerFlowError: A step has no solution.
        BundleError: A bundle is missing or changed.
        UsageError: The bundle is that of another feeder, or what was learnt is to decide, and there is no bundle.
    """
    stored, bundled = find_feeder(name, home), find_controller(name, home, bundle)
    expected = expected_profiles(stored, day, home, is_measured, bundled.kvar_per_kw if bundled else None)
    state = _state(stored.feeder, stored_kwh)
    reason = expected.degraded_reason if controller in _LOOKING_AHEAD else ""
    if bundled is not None:
        planned = BundledPlanner(bundled).plan(expected.profiles, state, peak_kw, controller, reason)
        return FeederDay(planned.plan, stored.timezone, expected.source)
    if controller == "learnt":
        raise UsageError(
            f"Nothing was learnt of {name}.", f"Run `metrify train --models grid --dataset {name}`, or name a --bundle."
        )
    chosen: ControllerName = "self_consumption" if reason else controller or "model_predictive"
    tariff = Tariff(**config.grid.tariff.model_dump())
    plan = optimize_grid(
        stored.feeder,
        expected.profiles,
        state,
        tariff,
        stored.timezone,
        _controller(chosen, stored.feeder, tariff, stored.timezone, expected.profiles),
        chosen,
        peak_kw,
        reason,
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
