"""Constraints where the power flow of a plan breaches what the grid bears, linear around that plan."""

from dataclasses import dataclass

import numpy as np

from metrify.grid.feeder import Feeder
from metrify.grid.linear_network import LinearNetwork, marginal_losses
from metrify.grid.linear_program import LinearProgram
from metrify.grid.moves import Moves
from metrify.grid.power_flow import PowerFlow

_TOLERANCE = 1e-9  # of limits and bands
_LOSSES_KW, _LOSSES_SHARE = 0.05, 0.05  # by which the plan may take losses to be less than they are
_FIRST_LOSSES_KW = 1e-3  # of the first block, which is done: the peak would creep upwards by what is missed
_MARGIN = 0.998  # of the limits, which constraints keep so that the power flow does


@dataclass(frozen=True, eq=False)
class Cuts:
    """Constraints around one plan. Each has a variable that takes up what can't be avoided.

    Attributes:
        program: That gets them.
        feeder: What is connected.
        moves: Variables of the program.
        found: Their values in the plan.
        flow: Of the plan.
        taps: `[T]` numbers of the positions of the tap changer.
    """

    program: LinearProgram
    feeder: Feeder
    moves: Moves
    found: np.ndarray
    flow: PowerFlow
    taps: np.ndarray

    def of_voltages(self, band: float, beyond: np.ndarray) -> int:
        """Keeps voltages in a band around 1; returns how many constraints that takes.

        Args:
            band: Its width to either side, per unit.
            beyond: `[T]` variables that take up what can't be avoided.
        """
        deviation, added = self.flow.voltage_pu - 1, 0
        breached = np.abs(deviation) > (band + self.found[beyond] + _TOLERANCE)[:, None]
        for tap, bus, blocks in self._places(breached):
            linear = self._at(tap, blocks)
            sign = np.sign(deviation[blocks, bus])[:, None]
            now = np.abs(deviation[blocks, bus])
            self._cut(
                blocks,
                sign * linear.voltage_per_kw[bus],
                sign * linear.voltage_per_kvar[bus],
                now,
                _MARGIN * band,
                beyond,
            )
            added += len(blocks)
        return added

    def of_currents(self, beyond: np.ndarray) -> int:
        """Keeps branches within their limits; returns how many constraints that takes.

        Args:
            beyond: `[T]` variables that take up what can't be avoided.
        """
        network, added = self.feeder.network, 0
        over = self.flow.loading_percent > 100 * (1 + self.found[beyond] + _TOLERANCE)[:, None]
        if not over.any():
            return 0
        for end, (side, limit) in enumerate((("branch_from", network.limit_from), ("branch_to", network.limit_to))):
            for tap, branch, blocks in self._places(over):
                into_branch = getattr(network.admittances[tap], side)[branch]
                current = self.flow.voltage[blocks] @ into_branch / limit[branch]
                high = np.abs(current) > 1 + self.found[beyond[blocks]] + _TOLERANCE
                chosen, now = blocks[high], current[high]
                if not len(chosen):
                    continue
                linear, turned = self._at(tap, chosen), (np.conj(now) / np.abs(now))[:, None]
                self._cut(
                    chosen,
                    (turned * linear.current_per_kw[end, branch]).real,
                    (turned * linear.current_per_kvar[end, branch]).real,
                    np.abs(now),
                    _MARGIN,
                    beyond,
                )
                added += len(chosen)
        return added

    def of_losses(self, lost: np.ndarray, power: np.ndarray) -> int:
        """Says what is lost near the plan; returns how many constraints that takes.

        Losses are convex in the currents, so that each constraint is a tangent below them.

        Args:
            lost: `[T]` variables of losses in kW.
            power: `[T, n]` complex per unit, drawn at the buses.
        """
        tolerance = np.maximum(_LOSSES_KW, _LOSSES_SHARE * self.flow.losses_kw)
        tolerance[0] = _FIRST_LOSSES_KW
        blocks = np.flatnonzero(self.flow.losses_kw > self.found[lost] + tolerance)
        if len(blocks):
            marginal = marginal_losses(self.feeder.network, self.taps[blocks], self.flow.voltage[blocks], power[blocks])
            self._cut(blocks, marginal.real, marginal.imag, self.flow.losses_kw[blocks], 0.0, lost)
        return len(blocks)

    def _places(self, breached: np.ndarray) -> list[tuple[int, int, np.ndarray]]:
        """Positions, elements (second axis) and the blocks in which each is breached."""
        places = []
        for element in np.flatnonzero(breached.any(axis=0)):
            blocks = np.flatnonzero(breached[:, element])
            places += [
                (int(tap), int(element), blocks[self.taps[blocks] == tap]) for tap in np.unique(self.taps[blocks])
            ]
        return places

    def _at(self, tap: int, blocks: np.ndarray) -> LinearNetwork:
        return LinearNetwork(self.feeder.network, tap, self.flow.voltage[blocks].mean(axis=0))

    def _cut(
        self,
        blocks: np.ndarray,
        per_kw: np.ndarray,
        per_kvar: np.ndarray,
        now: np.ndarray,
        limit: float,
        beyond: np.ndarray,
    ) -> None:
        """Keeps a quantity below a limit in R blocks: `now [R]` in the plan, and sensitivities `[R, n]` by bus."""
        terms = self.moves.effects(self.feeder, per_kw, per_kvar, blocks)
        by_plan = sum((self.found[numbers] * factors).sum(axis=1) for numbers, factors in terms)
        self.program.constrain([*terms, (beyond[blocks], -1.0)], upper=limit - now + by_plan)
