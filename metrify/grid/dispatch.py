"""The cheapest dispatch of a feeder for what is expected of it: a linear program over all that can be controlled.

With what really comes it is the reference for what is possible (perfect foresight); with a forecast it is the plan of a
model predictive controller. Every plan is checked by the AC power flow; what that breaches becomes a constraint, linear
around the plan, until nothing is breached that can be helped.
"""

from dataclasses import dataclass, replace

import numpy as np

from metrify.grid.cuts import Cuts
from metrify.grid.feeder import Feeder, Profiles
from metrify.grid.horizon import look_ahead
from metrify.grid.linear_program import LinearProgram
from metrify.grid.moves import add_moves
from metrify.grid.power_flow import PowerFlow
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
        flow: Of the blocks of the horizon, which are the steps where none was told to be longer.
        over_voltage_pu: By which voltages are out of their bounds at least, by block; 0 where they need not be.
        over_loading: By which parts of its limit a branch is overloaded at least, by block.
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
    fine_steps: int | None = None,
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
        fine_steps: How many steps are planned one by one before whole hours are; all without it.

    Raises:
        GridError: The bounds leave nothing to choose.
        PowerFlowError: A step has no solution, if nothing is controlled.
    """
    horizon, program = look_ahead(expected, tariff, timezone, fine_steps), LinearProgram()
    means, blocks, hours = horizon.profiles, len(horizon), horizon.hours
    moves = add_moves(program, feeder, horizon, state, tariff)
    bought = program.variables((blocks,), horizon.prices * hours)
    sold = program.variables((blocks,), -tariff.feed_in_eur_per_kwh * hours)
    peak = program.variables((1,), tariff.peak_price(peak_hours or hours.sum()), peak_kw)
    over_voltage, over_loading = program.variables((2, blocks), BREACH_EUR)
    out_of_band = program.variables((blocks,), tariff.out_of_band_eur_per_pu_hour * hours)
    net_kw = means.load_kw.sum(axis=1) - means.pv_kw.sum(axis=1)
    program.constrain([(bought, 1.0), (sold, -1.0), *moves.balance], net_kw, net_kw)
    taps = np.full(blocks, state.tap)
    losses_kw = run_setpoints(feeder, means, Setpoints.nothing(feeder, blocks, state.tap)).losses_kw
    program.constrain([(bought, 1.0), (np.repeat(peak, blocks), -1.0)], upper=-losses_kw)
    for number in range(_MOST_PASSES):
        found = program.solve(f"The dispatch of {feeder.network.name}")
        setpoints = moves.setpoints(found, horizon, taps)
        if number < _TAP_PASSES:
            taps = choose_taps(feeder.network, *powers_at_buses(feeder, means, setpoints), hours, state.tap, tariff)
            setpoints = moves.setpoints(found, horizon, taps)
        flow = run_setpoints(feeder, means, setpoints)
        cuts = Cuts(program, feeder, moves, found, flow, feeder.network.tap_numbers(taps))
        added = cuts.of_voltages(HARD_BAND_PU, over_voltage)
        added += cuts.of_voltages(PLANNING_BAND_PU, out_of_band)
        added += cuts.of_currents(over_loading)
        if not added:
            break
    whole = setpoints.repeated(horizon.lengths)
    within = replace(whole, curtailed_kw=np.minimum(whole.curtailed_kw, expected.pv_kw))
    return Plan(within, flow, found[over_voltage], found[over_loading])
