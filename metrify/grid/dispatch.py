"""The cheapest dispatch of a feeder for what is expected of it: a linear program over all that can be controlled.

With what really comes it is the reference for what is possible: perfect foresight. Every plan is checked by the AC
power flow; what that breaches, and the losses that it finds, become constraints, linear around the plan, until nothing
is breached that can be helped.
"""

from dataclasses import dataclass, replace

import numpy as np

from metrify.grid.cuts import Cuts
from metrify.grid.feeder import Feeder, Profiles
from metrify.grid.horizon import look_ahead
from metrify.grid.linear_program import LinearProgram
from metrify.grid.moves import add_moves
from metrify.grid.power_flow import PowerFlow, solve_power_flow
from metrify.grid.reactive import least_loss_kvar
from metrify.grid.setpoints import Setpoints
from metrify.grid.settlement import BREACH_EUR, HARD_BAND_PU, PLANNING_BAND_PU, powers_at_buses, run_setpoints
from metrify.grid.state import State
from metrify.grid.taps import choose_taps
from metrify.grid.tariff import Tariff

_MOST_PASSES = 30  # each adds what the power flow of the plan before breaches
_TAP_PASSES = 2  # after which positions of the tap changer stay, so that the passes come to an end


@dataclass(frozen=True, eq=False)
class Plan:
    """A dispatch and what it can't avoid.

    Attributes:
        setpoints: Of T steps.
        flow: Of the same.
        over_voltage_pu: `[T]` by which voltages are out of their bounds at least; 0 where they need not be.
        over_loading: `[T]` by which parts of its limit a branch is overloaded at least.
    """

    setpoints: Setpoints
    flow: PowerFlow
    over_voltage_pu: np.ndarray
    over_loading: np.ndarray


def plan_dispatch(
    feeder: Feeder,
    expected: Profiles,
    state: State,
    tariff: Tariff,
    timezone: str,
    peak_kw: float = 0.0,
    peak_hours: float | None = None,
) -> Plan:
    """Plans battery power, curtailment, reactive power, load shifting and tap positions at the least cost.

    Args:
        feeder: What is connected.
        expected: Profiles of T steps.
        state: At the beginning.
        tariff: Prices.
        timezone: IANA name of the local time.
        peak_kw: What has flowed in at most before, in the time that the peak is charged for.
        peak_hours: That time; all steps without it.

    Raises:
        GridError: The bounds leave nothing to choose.
        PowerFlowError: A step has no solution, if nothing is controlled.
    """
    horizon, program = look_ahead(expected, tariff, timezone), LinearProgram()
    steps, hours = len(horizon), horizon.hours
    moves = add_moves(program, feeder, horizon, state, tariff)
    bought = program.variables((steps,), horizon.prices * hours)
    sold = program.variables((steps,), -tariff.feed_in_eur_per_kwh * hours)
    peak = program.variables((1,), tariff.peak_price(peak_hours or hours.sum()), peak_kw)
    over_voltage, over_loading = program.variables((2, steps), BREACH_EUR)
    out_of_band = program.variables((steps,), tariff.out_of_band_eur_per_pu_hour * hours)
    net_kw = expected.load_kw.sum(axis=1) - expected.pv_kw.sum(axis=1)
    program.constrain([(bought, 1.0), (sold, -1.0), *moves.balance], net_kw, net_kw)
    lost = program.variables((steps,), tariff.losses_eur_per_kwh * hours)
    program.constrain([(bought, 1.0), (lost, 1.0), (np.repeat(peak, steps), -1.0)], upper=0.0)
    taps, found = np.full(steps, state.tap), np.zeros(program.count)
    for number in range(_MOST_PASSES):
        setpoints = moves.setpoints(found, horizon, taps)
        kw, kvar = powers_at_buses(feeder, expected, setpoints)
        if 0 < number <= _TAP_PASSES:
            taps = choose_taps(feeder.network, kw, kvar, hours, state.tap, tariff)
            setpoints = replace(setpoints, tap_position=taps)
        flow = solve_power_flow(feeder.network, kw, kvar, taps)
        cuts = Cuts(program, feeder, moves, found, flow, feeder.network.tap_numbers(taps))
        added = cuts.of_losses(lost, (kw + 1j * kvar) / feeder.network.base_kva)
        added += cuts.of_voltages(HARD_BAND_PU, over_voltage)
        added += cuts.of_voltages(PLANNING_BAND_PU, out_of_band)
        added += cuts.of_currents(over_loading)
        if number and not added:
            break
        found = program.solve(f"The dispatch of {feeder.network.name}")
    over = found[over_voltage], found[over_loading]
    return _with_least_losses(feeder, expected, Plan(setpoints, flow, *over), state, tariff)


def _with_least_losses(feeder: Feeder, expected: Profiles, plan: Plan, state: State, tariff: Tariff) -> Plan:
    """Reactive power and positions of the tap changer once more, for powers that stay, where no limit is near."""
    idle = replace(plan.setpoints, pv_kvar=np.zeros_like(plan.setpoints.pv_kvar))
    kw, kvar = powers_at_buses(feeder, expected, idle)
    taps = choose_taps(feeder.network, kw, kvar, np.full(len(kw), expected.hours), state.tap, tariff)
    flow = solve_power_flow(feeder.network, kw, kvar, taps)
    room = np.sqrt(np.maximum(feeder.pv_kva**2 - (expected.pv_kw - idle.curtailed_kw) ** 2, 0))
    found = [
        least_loss_kvar(feeder, int(tap), flow.voltage[step], kw[step], kvar[step], room[step])
        for step, tap in enumerate(feeder.network.tap_numbers(taps))
    ]
    better = replace(idle, pv_kvar=np.stack(found), tap_position=taps)
    flow = run_setpoints(feeder, expected, better)
    is_out = _is_out(flow) | (flow.losses_kw > plan.flow.losses_kw)
    kept = replace(
        better,
        pv_kvar=np.where(is_out[:, None], plan.setpoints.pv_kvar, better.pv_kvar),
        tap_position=np.where(is_out, plan.setpoints.tap_position, taps),
    )
    return replace(plan, setpoints=kept, flow=run_setpoints(feeder, expected, kept))


def _is_out(flow: PowerFlow) -> np.ndarray:
    """`[T]` bool, whether a voltage is out of the planning band or a branch overloaded."""
    deviation = np.abs(flow.voltage_pu - 1).max(axis=1)
    return (deviation > PLANNING_BAND_PU) | (flow.loading_percent.max(axis=1) > 100)
