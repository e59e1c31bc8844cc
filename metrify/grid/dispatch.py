"""The cheapest dispatch of a feeder for what is expected of it: a linear program over batteries and inverters.

With what really comes it is the reference for what is possible (perfect foresight); with a forecast it is the plan of a
model predictive controller. Every plan is checked by the AC power flow; what that breaches becomes a constraint, linear
around the plan, until nothing is breached that can be helped.
"""

from dataclasses import dataclass

import numpy as np

from metrify.grid.feeder import Feeder, Profiles
from metrify.grid.linear_network import LinearNetwork
from metrify.grid.linear_program import LinearProgram
from metrify.grid.power_flow import PowerFlow
from metrify.grid.settlement import HARD_BAND_PU, PLANNING_BAND_PU, Setpoints, run_setpoints
from metrify.grid.tariff import Tariff

_MOST_PASSES = 30  # each adds what the power flow of the plan before breaches
_TOLERANCE = 1e-9  # of limits and bands
_MARGIN = 0.998  # of the limits, which constraints keep so that the power flow does
_BREACH_EUR = 1_000.0  # of a step whose voltage or loading is beyond its bound by all of it: only if nothing else helps
_KVARH_EUR = 1e-4  # what reactive power costs at least, so that there is none for nothing
_BAND_EUR_PER_PU = 1.0  # of a step whose voltage leaves the planning band


@dataclass(frozen=True, eq=False)
class Plan:
    """A dispatch and what it can't avoid.

    Attributes:
        setpoints: Of T steps.
        stored_kwh: `[T + 1, A]`.
        over_voltage_pu: `[T]` by which voltages are out of their bounds at least; 0 where they need not be.
        over_loading: `[T]` by which parts of its limit a branch is overloaded at least.
    """

    setpoints: Setpoints
    stored_kwh: np.ndarray
    over_voltage_pu: np.ndarray
    over_loading: np.ndarray


def plan_dispatch(
    feeder: Feeder,
    expected: Profiles,
    stored_kwh: np.ndarray,
    tariff: Tariff,
    timezone: str,
    tap: int,
    peak_kw: float = 0.0,
    peak_hours: float | None = None,
) -> Plan:
    """Plans battery power, curtailment and reactive power at the least cost.

    Args:
        feeder: What is connected.
        expected: Profiles of T steps.
        stored_kwh: `[A]` in batteries at the beginning.
        tariff: Prices.
        timezone: IANA name of the local time.
        tap: Position of the tap changer.
        peak_kw: What has flowed in at most before, in the time that the peak is charged for.
        peak_hours: That time; all steps without it.

    Raises:
        GridError: The bounds leave nothing to choose.
        PowerFlowError: A step has no solution, if nothing is controlled.
    """
    program, steps, hours = LinearProgram(), len(expected), expected.hours
    moves = _add_moves(program, feeder, expected, tariff)
    bought = program.variables((steps,), tariff.energy_prices(expected.times, timezone) * hours)
    sold = program.variables((steps,), -tariff.feed_in_eur_per_kwh * hours)
    peak = program.variables((1,), tariff.peak_price(peak_hours or steps * hours), peak_kw)
    over_voltage, over_loading = program.variables((2, steps), _BREACH_EUR)
    out_of_band = program.variables((steps,), _BAND_EUR_PER_PU)
    stored = _hold_energy(program, feeder, moves, stored_kwh, hours, tariff)
    net_kw = expected.load_kw.sum(axis=1) - expected.pv_kw.sum(axis=1)
    balance = [(bought, 1.0), (sold, -1.0), (moves.charged, -1.0), (moves.given, 1.0), (moves.curtailed, -1.0)]
    program.constrain(balance, net_kw, net_kw)
    idle = Setpoints.nothing(feeder, steps, tap)
    losses_kw = run_setpoints(feeder, expected, idle).losses_kw
    program.constrain([(bought, 1.0), (np.repeat(peak, steps), -1.0)], upper=-losses_kw)
    (number,) = feeder.network.tap_numbers(np.array([tap]))
    for _ in range(_MOST_PASSES):
        found = program.solve(f"The dispatch of {feeder.network.name}")
        setpoints = moves.setpoints(found, expected, idle)
        flow = run_setpoints(feeder, expected, setpoints)
        cuts = _Cuts(program, feeder, moves, setpoints, flow, int(number))
        added = cuts.of_voltages(HARD_BAND_PU, over_voltage, found[over_voltage])
        added += cuts.of_voltages(PLANNING_BAND_PU, out_of_band, found[out_of_band])
        added += cuts.of_currents(over_loading, found[over_loading])
        if not added:
            break
    return Plan(setpoints, found[stored], found[over_voltage], found[over_loading])


@dataclass(frozen=True, eq=False)
class _Moves:
    """Variables that move powers at buses, by their numbers `[T, k]`; pairs that are both 0 or more."""

    charged: np.ndarray
    given: np.ndarray
    curtailed: np.ndarray
    drawn: np.ndarray
    fed: np.ndarray

    def setpoints(self, found: np.ndarray, expected: Profiles, idle: Setpoints) -> Setpoints:
        """What they come to in a solution."""
        return Setpoints(
            found[self.charged] - found[self.given],
            np.clip(found[self.curtailed], 0, expected.pv_kw),
            found[self.drawn] - found[self.fed],
            idle.shifted_kw,
            idle.tap_position,
        )


def _add_moves(program: LinearProgram, feeder: Feeder, expected: Profiles, tariff: Tariff) -> _Moves:
    steps, hours, batteries, pv = len(expected), expected.hours, feeder.batteries, len(feeder.pv_names)
    wear = tariff.wear_eur_per_kwh * hours
    charged, given = (program.variables((steps, len(batteries)), wear, 0, batteries.power_kw) for _ in range(2))
    curtailed = program.variables((steps, pv), 0, 0, expected.pv_kw)
    room = np.sqrt(np.maximum(feeder.pv_kva**2 - expected.pv_kw**2, 0))
    drawn, fed = (program.variables((steps, pv), _KVARH_EUR * hours, 0, room) for _ in range(2))
    return _Moves(charged, given, curtailed, drawn, fed)


def _hold_energy(
    program: LinearProgram, feeder: Feeder, moves: _Moves, stored_kwh: np.ndarray, hours: float, tariff: Tariff
) -> np.ndarray:
    """Numbers of what batteries hold, `[T + 1, A]`, which follows from what they take and give."""
    batteries, steps = feeder.batteries, len(moves.charged)
    worth = np.zeros((steps + 1, 1))
    worth[-1] = -tariff.stored_eur_per_kwh
    stored = program.variables((steps + 1, len(batteries)), worth, 0, batteries.capacity_kwh)
    program.constrain([(stored[0], 1.0)], stored_kwh, stored_kwh)
    for number, share in enumerate(batteries.efficiency):
        taken, given = (moves.charged[:, number], -share * hours), (moves.given[:, number], hours / share)
        program.constrain([(stored[1:, number], 1.0), (stored[:-1, number], -1.0), taken, given], 0.0, 0.0)
    return stored


@dataclass(frozen=True, eq=False)
class _Cuts:
    """Constraints where the power flow of a plan breaches what the grid bears, linear around that plan.

    Each has a variable that takes up what can't be avoided.
    """

    program: LinearProgram
    feeder: Feeder
    moves: _Moves
    setpoints: Setpoints
    flow: PowerFlow
    tap: int

    def of_voltages(self, band: float, beyond: np.ndarray, slack: np.ndarray) -> int:
        """Keeps voltages in a band around 1; returns how many constraints that takes."""
        deviation, added = self.flow.voltage_pu - 1, 0
        breached = np.abs(deviation) > (band + slack + _TOLERANCE)[:, None]
        for bus in np.flatnonzero(breached.any(axis=0)):
            steps = np.flatnonzero(breached[:, bus])
            linear = self._at(steps)
            sign = np.sign(deviation[steps, bus])
            self._cut(
                steps,
                sign[:, None] * linear.voltage_per_kw[bus],
                sign[:, None] * linear.voltage_per_kvar[bus],
                np.abs(deviation[steps, bus]),
                _MARGIN * band,
                beyond,
            )
            added += len(steps)
        return added

    def of_currents(self, beyond: np.ndarray, slack: np.ndarray) -> int:
        """Keeps branches within their limits; returns how many constraints that takes."""
        network, added = self.feeder.network, 0
        tap = network.admittances[self.tap]
        for end, (matrix, limit) in enumerate(
            ((tap.branch_from, network.limit_from), (tap.branch_to, network.limit_to))
        ):
            currents = self.flow.voltage @ matrix.T / limit
            breached = np.abs(currents) > (1 + slack + _TOLERANCE)[:, None]
            for branch in np.flatnonzero(breached.any(axis=0)):
                steps = np.flatnonzero(breached[:, branch])
                linear, now = self._at(steps), currents[steps, branch]
                turned = (np.conj(now) / np.abs(now))[:, None]
                self._cut(
                    steps,
                    (turned * linear.current_per_kw[end, branch]).real,
                    (turned * linear.current_per_kvar[end, branch]).real,
                    np.abs(now),
                    _MARGIN,
                    beyond,
                )
                added += len(steps)
        return added

    def _at(self, steps: np.ndarray) -> LinearNetwork:
        return LinearNetwork(self.feeder.network, self.tap, self.flow.voltage[steps].mean(axis=0))

    def _cut(
        self,
        steps: np.ndarray,
        per_kw: np.ndarray,
        per_kvar: np.ndarray,
        now: np.ndarray,
        limit: float,
        beyond: np.ndarray,
    ) -> None:
        """Keeps a quantity below a limit in S steps: `now [S]` in the plan, and sensitivities `[S, n]` by bus."""
        moves, battery, pv = self.moves, self.feeder.battery_at, self.feeder.pv_at
        of_battery, of_pv, of_kvar = per_kw @ battery.T, per_kw @ pv.T, per_kvar @ pv.T
        by_plan = (
            (self.setpoints.battery_kw[steps] * of_battery).sum(axis=1)
            + (self.setpoints.curtailed_kw[steps] * of_pv).sum(axis=1)
            + (self.setpoints.pv_kvar[steps] * of_kvar).sum(axis=1)
        )
        terms = [
            (moves.charged[steps], of_battery),
            (moves.given[steps], -of_battery),
            (moves.curtailed[steps], of_pv),
            (moves.drawn[steps], of_kvar),
            (moves.fed[steps], -of_kvar),
            (beyond[steps], -1.0),
        ]
        self.program.constrain(terms, upper=limit - now + by_plan)
