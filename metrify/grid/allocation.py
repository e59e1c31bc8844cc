"""What each element does in the present step, of what all of its kind are to do together."""

from dataclasses import replace

import numpy as np

from metrify.grid.feeder import Feeder, Profiles
from metrify.grid.load_room import LoadRoom
from metrify.grid.pooled_plan import PooledAction
from metrify.grid.power_flow import solve_power_flow
from metrify.grid.reactive import least_loss_kvar
from metrify.grid.setpoints import Setpoints
from metrify.grid.settlement import powers_at_buses
from metrify.grid.state import State

_ROUNDS = 20  # of sharing out, each of which fills an element at least


def allocate(
    feeder: Feeder, present: Profiles, state: State, action: PooledAction, room: LoadRoom, tap: int
) -> Setpoints:
    """Setpoints of one step, with the reactive power that loses least.

    Args:
        feeder: What is connected.
        present: Profiles of the step.
        state: When it begins.
        action: What all do together.
        room: What loads may do.
        tap: Position of the tap changer.

    Raises:
        PowerFlowError: The step has no solution.
    """
    curtailed = share_curtailment(action.curtailed_kw, present.pv_kw[0])
    setpoints = Setpoints(
        share_battery_power(feeder, action.battery_kw, state.stored_kwh, present.hours)[None],
        curtailed[None],
        np.zeros_like(present.pv_kw),
        share_shifting(action.shifted_kw, room, present.load_kw[0], state.owed_kwh)[None],
        np.array([tap]),
    )
    return with_least_losses(feeder, present, setpoints)


def with_least_losses(feeder: Feeder, present: Profiles, setpoints: Setpoints) -> Setpoints:
    """The same setpoints of one step with the reactive power that loses least.

    Raises:
        PowerFlowError: The step has no solution.
    """
    idle = replace(setpoints, pv_kvar=np.zeros_like(present.pv_kw))
    kw, kvar = powers_at_buses(feeder, present, idle)
    flow = solve_power_flow(feeder.network, kw, kvar, idle.tap_position)
    room_kvar = np.sqrt(np.maximum(feeder.pv_kva**2 - (present.pv_kw[0] - setpoints.curtailed_kw[0]) ** 2, 0))
    number = int(feeder.network.tap_numbers(idle.tap_position)[0])
    best = least_loss_kvar(feeder, number, flow.voltage[0], kw[0], kvar[0], room_kvar)
    return replace(idle, pv_kvar=best[None])


def share_battery_power(feeder: Feeder, wanted_kw: float, stored_kwh: np.ndarray, hours: float) -> np.ndarray:
    """What each battery draws, `[A]` kW: the emptier takes more and the fuller gives more, so that all last.

    Args:
        feeder: Whose batteries they are.
        wanted_kw: That all draw together, negative where they feed in; what they can't is left.
        stored_kwh: `[A]` that they hold.
        hours: Of the step.
    """
    batteries = feeder.batteries
    if wanted_kw >= 0:
        weights = np.maximum(batteries.capacity_kwh - stored_kwh, 0)
        most = weights / batteries.efficiency / hours
    else:
        weights = np.maximum(stored_kwh, 0)
        most = weights * batteries.efficiency / hours
    return np.sign(wanted_kw) * _share(abs(wanted_kw), weights, np.minimum(most, batteries.power_kw))


def share_curtailment(wanted_kw: float, pv_kw: np.ndarray) -> np.ndarray:
    """What each inverter curtails, `[P]` kW, by what it could feed in."""
    return _share(wanted_kw, pv_kw, pv_kw)


def share_shifting(wanted_kw: float, room: LoadRoom, load_kw: np.ndarray, owed_kwh: np.ndarray) -> np.ndarray:
    """What each load draws beyond its profile, `[L]` kW, negative where it puts energy off.

    Loads put off by what they draw and make up for it by what they owe. Those that have to draw do so in any case.

    Args:
        wanted_kw: That all draw together.
        room: What each may.
        load_kw: `[L]` of the profile.
        owed_kwh: `[L]`.
    """
    if wanted_kw < 0:
        free = np.where(room.least_kw > 0, 0.0, room.put_off_kw)
        return room.least_kw - _share(-wanted_kw, load_kw, free)
    more = _share(wanted_kw - room.least_kw.sum(), owed_kwh, room.most_kw - room.least_kw)
    return room.least_kw + more


def _share(wanted: float, weights: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Shares of what is wanted by weights, `[n]`, none above its most; what is too much for all is left."""
    given = np.zeros(len(most))
    left = min(max(wanted, 0.0), float(most.sum()))
    for _ in range(_ROUNDS):
        open_weights = np.where(most - given > 1e-12, np.maximum(weights, 1e-12), 0)
        total = open_weights.sum()
        if left <= 1e-9 or not total:
            break
        added = np.minimum(left * open_weights / total, most - given)
        given, left = given + added, left - float(added.sum())
    return given
