"""The setpoints nearest to some that the elements can do and the grid bears, checked by AC power flow.

What is wanted is cut to what elements can do. If its power flow then breaches a limit, a linear program finds the
least change, linear around that flow, until the flow of what it finds keeps all limits, or comes as near as it can.
"""

from dataclasses import dataclass, replace

import numpy as np

from metrify.grid.feeder import Feeder, Profiles
from metrify.grid.linear_network import LinearNetwork
from metrify.grid.linear_program import LinearProgram, Term
from metrify.grid.load_room import LoadRoom
from metrify.grid.power_flow import PowerFlow
from metrify.grid.setpoints import Setpoints
from metrify.grid.settlement import HARD_BAND_PU, run_setpoints

_MOST_PASSES = 8
_MARGIN = 0.998  # of limits, which the program keeps so that the power flow does
_VOLTAGE_TOLERANCE_PU, _LOADING_TOLERANCE = 1e-9, 1e-8
_BREACH = 1e4  # what the program takes a breach by all of a limit to cost, in kW that are changed
_COST = {"battery_kw": 1.0, "shifted_kw": 1.0, "curtailed_kw": 1.5, "pv_kvar": 0.1}  # of a kW or kvar changed


@dataclass(frozen=True, eq=False)
class Projected:
    """Setpoints of one step that are safe, or as safe as they can be.

    Attributes:
        setpoints: Of one step.
        flow: Theirs.
        wanted_flow: Of what was wanted, cut to what elements can do.
        is_changed: Whether the grid would not have borne that.
        over_voltage_pu: By which a voltage is out of its bounds, though nothing more can be done; 0 where none is.
        over_loading: By which part of its limit a branch is overloaded, likewise.
    """

    setpoints: Setpoints
    flow: PowerFlow
    wanted_flow: PowerFlow
    is_changed: bool
    over_voltage_pu: float
    over_loading: float


@dataclass(frozen=True, eq=False)
class StepBounds:
    """What elements can do in one step: lowest and highest values, by the name of the setpoint.

    Attributes:
        lower: `[n]` by name.
        upper: `[n]` by name.
    """

    lower: dict[str, np.ndarray]
    upper: dict[str, np.ndarray]


def find_bounds(feeder: Feeder, present: Profiles, stored_kwh: np.ndarray, room: LoadRoom) -> StepBounds:
    """Bounds of each setpoint alone; what inverters draw of reactive power depends on what they feed in.

    Args:
        feeder: What is connected.
        present: Profiles of the step.
        stored_kwh: `[A]` that batteries hold.
        room: What loads may do.
    """
    batteries, hours = feeder.batteries, present.hours
    takes = np.maximum(batteries.capacity_kwh - stored_kwh, 0) / batteries.efficiency / hours
    gives = np.maximum(stored_kwh, 0) * batteries.efficiency / hours
    pv = present.pv_kw[0]
    return StepBounds(
        {
            "battery_kw": -np.minimum(gives, batteries.power_kw),
            "curtailed_kw": np.zeros(len(pv)),
            "shifted_kw": np.where(room.least_kw > 0, room.least_kw, -room.put_off_kw),
        },
        {"battery_kw": np.minimum(takes, batteries.power_kw), "curtailed_kw": pv, "shifted_kw": room.most_kw},
    )


def project(feeder: Feeder, present: Profiles, wanted: Setpoints, bounds: StepBounds) -> Projected:
    """Finds the nearest setpoints that keep all limits.

    Args:
        feeder: What is connected.
        present: Profiles of the step.
        wanted: Setpoints of the step.
        bounds: Of `find_bounds`.

    Raises:
        PowerFlowError: What is wanted has no power flow.
    """
    cut = _cut(feeder, present, wanted, bounds)
    wanted_flow = run_setpoints(feeder, present, cut)
    setpoints, flow = cut, wanted_flow
    best, best_flow = cut, wanted_flow
    for _ in range(_MOST_PASSES):
        if _breach(flow) < _breach(best_flow):
            best, best_flow = setpoints, flow
        if not _breach(best_flow):
            break
        setpoints = _change(feeder, present, cut, setpoints, flow, bounds)
        flow = run_setpoints(feeder, present, setpoints)
    return Projected(
        best,
        best_flow,
        wanted_flow,
        best is not cut,
        float(np.maximum(np.abs(best_flow.voltage_pu[0] - 1).max() - HARD_BAND_PU - _VOLTAGE_TOLERANCE_PU, 0)),
        float(np.maximum(best_flow.loading_percent[0].max() / 100 - 1 - _LOADING_TOLERANCE, 0)),
    )


def _cut(feeder: Feeder, present: Profiles, wanted: Setpoints, bounds: StepBounds) -> Setpoints:
    clipped = {
        name: np.clip(getattr(wanted, name), bounds.lower[name], bounds.upper[name]) + 0.0 for name in bounds.lower
    }
    room = _kvar_room(feeder, present.pv_kw - clipped["curtailed_kw"])
    return replace(wanted, pv_kvar=np.clip(wanted.pv_kvar, -room, room), **clipped)


def _kvar_room(feeder: Feeder, fed_kw: np.ndarray) -> np.ndarray:
    return np.sqrt(np.maximum(feeder.pv_kva**2 - fed_kw**2, 0))


def _breach(flow: PowerFlow) -> float:
    """By which parts of limits a step is out of them; 0 where it is not."""
    voltage = np.maximum(np.abs(flow.voltage_pu[0] - 1) - HARD_BAND_PU - _VOLTAGE_TOLERANCE_PU, 0).max()
    return float(voltage / HARD_BAND_PU + np.maximum(flow.loading_percent[0] / 100 - 1 - _LOADING_TOLERANCE, 0).max())


def _change(
    feeder: Feeder, present: Profiles, wanted: Setpoints, at: Setpoints, flow: PowerFlow, bounds: StepBounds
) -> Setpoints:
    """The least change of what is wanted that keeps all limits in the network that is linear around a flow."""
    program = LinearProgram()
    room = _kvar_room(feeder, present.pv_kw[0] - at.curtailed_kw[0])
    lower, upper = bounds.lower | {"pv_kvar": -room}, bounds.upper | {"pv_kvar": room}
    values = {}
    for name, cost in _COST.items():
        target = getattr(wanted, name)[0]
        more = program.variables(target.shape, cost, 0, np.maximum(upper[name] - target, 0))
        less = program.variables(target.shape, cost, 0, np.maximum(target - lower[name], 0))
        values[name] = (more, less)
    beyond = program.variables((1,), _BREACH)
    linear = LinearNetwork(feeder.network, int(feeder.network.tap_numbers(at.tap_position)[0]), flow.voltage[0])
    moved = {name: getattr(at, name)[0] - getattr(wanted, name)[0] for name in _COST}

    def keep(per_kw: np.ndarray, per_kvar: np.ndarray, now: np.ndarray, limit: float) -> None:
        """Keeps `now [R]` plus its sensitivities `[R, n]` below a limit."""
        if not len(now):
            return
        of = {
            "battery_kw": per_kw @ feeder.battery_at.T,
            "shifted_kw": per_kw @ feeder.load_at.T,
            "curtailed_kw": per_kw @ feeder.pv_at.T,
            "pv_kvar": per_kvar @ feeder.pv_at.T,
        }
        terms: list[Term] = []
        by_now = np.zeros(len(now))
        for name, (more, less) in values.items():
            rows = np.zeros((len(now), 1), int)
            terms += [(rows + more, of[name]), (rows + less, -of[name])]
            by_now += of[name] @ moved[name]
        program.constrain([*terms, (np.repeat(beyond, len(now)), -limit)], upper=limit - now + by_now)

    deviation = flow.voltage_pu[0] - 1
    near = np.flatnonzero(np.abs(deviation) > HARD_BAND_PU / 2)
    sign = np.sign(deviation[near])[:, None]
    keep(
        sign * linear.voltage_per_kw[near],
        sign * linear.voltage_per_kvar[near],
        np.abs(deviation[near]),
        _MARGIN * HARD_BAND_PU,
    )
    end, branch = np.nonzero(np.abs(linear.current) > 1 / 2)
    now = linear.current[end, branch]
    turned = (np.conj(now) / np.abs(now))[:, None]
    keep(
        (turned * linear.current_per_kw[end, branch]).real,
        (turned * linear.current_per_kvar[end, branch]).real,
        np.abs(now),
        _MARGIN,
    )
    found = program.solve(f"The safe step of {feeder.network.name}")
    changed = {
        name: (getattr(wanted, name)[0] + found[more] - found[less])[None] for name, (more, less) in values.items()
    }
    return _cut(feeder, present, replace(wanted, **changed), bounds)
