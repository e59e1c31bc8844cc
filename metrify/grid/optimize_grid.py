"""Recommends what a feeder's elements do, and says what that comes to beside no control, and why."""

import numpy as np

from metrify.errors import GridError
from metrify.grid.controllers.controller import Controller
from metrify.grid.explain_actions import explain_actions
from metrify.grid.feeder import Feeder, Profiles
from metrify.grid.find_binding import find_binding
from metrify.grid.find_breaches import find_breaches
from metrify.grid.grid_plan import GridPlan
from metrify.grid.plan_evidence import PlanEvidence
from metrify.grid.setpoints import Setpoints
from metrify.grid.settlement import settle
from metrify.grid.simulation import foresee, simulate
from metrify.grid.state import State
from metrify.grid.tariff import Tariff


def optimize_grid(
    feeder: Feeder,
    expected: Profiles,
    state: State,
    tariff: Tariff,
    timezone: str,
    controller: Controller,
    controller_name: str,
    peak_kw: float = 0.0,
    degraded_reason: str = "",
) -> GridPlan:
    """Lets a controller decide each step of what is expected, and settles that beside no control.

    Args:
        feeder: What is connected.
        expected: Profiles of T steps.
        state: At the beginning.
        tariff: Prices.
        timezone: IANA name of the local time.
        controller: Who decides.
        controller_name: What it is called.
        peak_kw: What has flowed in at most before, in the time that the peak is charged for.
        degraded_reason: What is missing, where a rule decides for that; empty where nothing is.

    Raises:
        GridError: Nothing of the feeder can be controlled, or batteries can't hold what they are said to.
        PowerFlowError: A step has no solution.
    """
    require_assets(feeder)
    _require_possible(feeder, state)
    decided = simulate(controller, feeder, expected, foresee(expected, len(expected)), state, peak_kw).setpoints
    settled = settle(feeder, expected, decided, state, tariff, timezone)
    idle = Setpoints.nothing(feeder, len(expected), state.tap)
    uncontrolled = settle(feeder, expected, idle, state, tariff, timezone)
    evidence = PlanEvidence(
        feeder, expected, decided, settled, uncontrolled, tariff, timezone, state.tap, max(settled.peak_kw, peak_kw)
    )
    return GridPlan(
        feeder,
        expected,
        controller_name,
        decided,
        settled,
        uncontrolled,
        tariff.peak_price(len(expected) * expected.hours),
        peak_kw,
        explain_actions(evidence),
        find_binding(feeder, expected, decided, settled, uncontrolled),
        find_breaches(feeder, expected, settled, state, tariff, timezone),
        degraded=bool(degraded_reason),
        degraded_reason=degraded_reason,
    )


def require_assets(feeder: Feeder) -> None:
    """Checks that something of a feeder can be controlled.

    Raises:
        GridError: There is nothing.
    """
    has_assets = len(feeder.batteries) or len(feeder.pv_names) or feeder.shiftable_kw.any()
    if not has_assets and len(feeder.network.taps) == 1:
        raise GridError(
            f"Nothing of {feeder.network.name} can be controlled: it has no battery, inverter, shiftable load or tap "
            "changer.",
            "Add storages, static generators or a column `shiftable_kw` of loads to the net, and import it again.",
        )


def _require_possible(feeder: Feeder, state: State) -> None:
    beyond = (state.stored_kwh < 0) | (state.stored_kwh > feeder.batteries.capacity_kwh + 1e-9)
    if beyond.any():
        number = int(np.flatnonzero(beyond)[0])
        raise GridError(
            f"The battery {feeder.batteries.names[number]} can't hold {state.stored_kwh[number]:g} kWh.",
            f"Give 0 to {feeder.batteries.capacity_kwh[number]:g}.",
        )
