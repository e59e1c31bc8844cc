"""A learnt controller: a graph from the view of a feeder to setpoints, which are then projected onto what is safe."""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from metrify.grid.allocation import with_least_losses
from metrify.grid.controllers.controller import Observation
from metrify.grid.controllers.keep_peak import draw_less
from metrify.grid.controllers.snap_to_corners import snap_to_corners
from metrify.grid.controllers.view import ControlView
from metrify.grid.feeder import Feeder
from metrify.grid.load_room import find_load_room
from metrify.grid.projection import Projected, find_bounds, project
from metrify.grid.setpoints import Setpoints
from metrify.grid.settlement import run_setpoints

_PARTS = ("battery", "curtailed", "kvar", "shifted", "tap", "peak")
_PEAK_ROUNDS = 2  # of keeping the peak, since losses change with what batteries do


@dataclass(frozen=True)
class ActionLayout:
    """Where the setpoints of a feeder are in the numbers that a policy gives, all of them of about one.

    Attributes:
        feeder: Whose setpoints they are.
        scale_kw: What the peak is measured by.
    """

    feeder: Feeder
    scale_kw: float

    @property
    def shiftable(self) -> np.ndarray:
        """`[S]` numbers of the loads that can be shifted."""
        return np.flatnonzero(self.feeder.shiftable_kw)

    @property
    def parts(self) -> dict[str, slice]:
        """Places of batteries, curtailment, reactive power, loads, the tap changer and the peak that is aimed at."""
        pv = len(self.feeder.pv_names)
        edges = np.cumsum([0, len(self.feeder.batteries), pv, pv, len(self.shiftable), 1, 1])
        return {name: slice(*edges[place : place + 2]) for place, name in enumerate(_PARTS)}

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return self.parts["peak"].stop

    def encode(self, setpoints: Setpoints, peak_kw: float) -> np.ndarray:
        """The numbers of one step, `[size]` float32."""
        feeder, taps = self.feeder, self.feeder.network.taps
        parts = (
            setpoints.battery_kw[0] / feeder.batteries.power_kw,
            setpoints.curtailed_kw[0] / feeder.pv_kva,
            setpoints.pv_kvar[0] / feeder.pv_kva,
            setpoints.shifted_kw[0, self.shiftable] / feeder.shiftable_kw[self.shiftable],
            setpoints.tap_position / max(map(abs, (*taps, 1))),
            [peak_kw / self.scale_kw],
        )
        return np.concatenate(parts).astype(np.float32)

    def decode(self, numbers: np.ndarray) -> tuple[Setpoints, float]:
        """Setpoints of one step, whether elements can do them or not, and the peak that is aimed at in kW."""
        feeder, taps, parts = self.feeder, np.array(self.feeder.network.taps), self.parts
        shifted = np.zeros(len(feeder.load_names))
        shifted[self.shiftable] = numbers[parts["shifted"]] * feeder.shiftable_kw[self.shiftable]
        wanted_tap = float(numbers[parts["tap"]][0]) * max(map(abs, (*taps, 1)))
        setpoints = Setpoints(
            (numbers[parts["battery"]] * feeder.batteries.power_kw)[None],
            (numbers[parts["curtailed"]] * feeder.pv_kva)[None],
            (numbers[parts["kvar"]] * feeder.pv_kva)[None],
            shifted[None],
            taps[[np.abs(taps - wanted_tap).argmin()]],
        )
        return setpoints, float(numbers[parts["peak"]][0]) * self.scale_kw


class Policy(Protocol):
    """From the view of a step to the numbers of `ActionLayout`."""

    def act(self, view: np.ndarray) -> np.ndarray:
        """`[D]` float32 of `[F]` float32."""


class LearntController:
    """Does what a policy says, as far as elements can and the grid bears.

    Batteries never draw beyond the peak that there is or is aimed at, and give what they can before it is exceeded.

    Args:
        view: Of the feeder.
        policy: What was learnt.
    """

    def __init__(self, view: ControlView, policy: Policy) -> None:
        self._view, self._policy = view, policy
        self._layout = ActionLayout(view.feeder, view.scale_kw)

    def decide(self, seen: Observation) -> Setpoints:
        """See `Controller`.

        Raises:
            PowerFlowError: The step has no solution.
        """
        return self.recommend(seen).setpoints

    def recommend(self, seen: Observation) -> Projected:
        """The setpoints with what is known of them.

        Raises:
            PowerFlowError: The step has no solution.
        """
        return act_safely(self._view, seen, *self._layout.decode(self._policy.act(self._view.of(seen))))


def act_safely(view: ControlView, seen: Observation, wanted: Setpoints, aimed_kw: float) -> Projected:
    """Setpoints near what is wanted that keep the peak as far as batteries can, and all limits.

    Args:
        view: Of the feeder.
        seen: What is known.
        wanted: Setpoints of one step.
        aimed_kw: The peak that is aimed at.

    Raises:
        PowerFlowError: The step has no solution.
    """
    feeder, present = view.feeder, seen.expected.steps(0, 1)
    room = find_load_room(feeder, seen.expected, seen.state, view.timezone)
    bounds = find_bounds(feeder, present, seen.state.stored_kwh, room)
    shifted = np.clip(wanted.shifted_kw, bounds.lower["shifted_kw"], bounds.upper["shifted_kw"])
    net_kw = np.atleast_1d(present.load_kw.sum() + shifted.sum() - present.pv_kw.sum())
    battery = snap_to_corners(wanted.battery_kw, net_kw, feeder.batteries.power_kw)
    battery = np.clip(battery, bounds.lower["battery_kw"], bounds.upper["battery_kw"])
    chosen = replace(wanted, shifted_kw=shifted, battery_kw=battery)
    most_kw = max(seen.peak_kw, aimed_kw)
    for _ in range(_PEAK_ROUNDS):
        beyond = run_setpoints(feeder, present, chosen).slack_kw - most_kw
        if beyond <= 0:
            break
        chosen = replace(chosen, battery_kw=draw_less(chosen.battery_kw, bounds.lower["battery_kw"][None], beyond))
    return project(feeder, present, with_least_losses(feeder, present, chosen), bounds)
