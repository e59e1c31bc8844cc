"""Model predictive control: plans ahead at each step, does the first step of the plan, and plans again."""

import numpy as np

from metrify.grid.allocation import allocate
from metrify.grid.controllers.controller import Observation
from metrify.grid.feeder import Feeder
from metrify.grid.horizon import Coarseness, Horizon, look_ahead
from metrify.grid.load_room import LoadRoom, find_load_room
from metrify.grid.pooled_plan import PooledPlan, PooledPlanner, fit_losses
from metrify.grid.projection import find_bounds, project
from metrify.grid.setpoints import Setpoints
from metrify.grid.taps import choose_taps
from metrify.grid.tariff import Tariff

_COARSENESS = Coarseness(fine_steps=4, hourly_hours=30)
_TAP_BLOCKS = 8  # that the position of the tap changer is chosen for


class ModelPredictive:
    """Does what is cheapest for what is expected, and what the grid bears.

    Args:
        feeder: What is connected.
        tariff: Prices.
        timezone: IANA name of the local time.
        peak_hours: Of the time that the peak is charged for, a week for instance.
    """

    def __init__(self, feeder: Feeder, tariff: Tariff, timezone: str, peak_hours: float) -> None:
        self._feeder, self._tariff, self._timezone, self._peak_hours = feeder, tariff, timezone, peak_hours
        self._planner = PooledPlanner(feeder, tariff)
        self.aimed_kw = 0.0  # the peak that the last plan allows for

    def plan(self, seen: Observation) -> tuple[Horizon, LoadRoom, PooledPlan]:
        """What is looked ahead to, what loads may do in the present step, and the plan.

        Raises:
            GridError: The solver finds no plan.
            PowerFlowError: A step of what is expected has no solution.
        """
        horizon = look_ahead(seen.expected, self._tariff, self._timezone, _COARSENESS)
        losses = fit_losses(self._feeder, horizon, seen.state.tap)
        share = min(len(seen.expected) * seen.expected.hours / seen.peak_left_hours, 1.0)
        price = share * self._tariff.peak_price(self._peak_hours)
        reserve = np.zeros(len(horizon))
        if seen.peak_reserve_kw is not None:
            starts = np.concatenate([[0], horizon.lengths.cumsum()[:-1]])
            reserve = np.maximum.reduceat(seen.peak_reserve_kw, starts)
        room = find_load_room(self._feeder, seen.expected, seen.state, self._timezone)
        return horizon, room, self._planner.plan(horizon, losses, seen.state, room, seen.peak_kw, price, reserve)

    def decide(self, seen: Observation) -> Setpoints:
        """See `Controller`.

        Raises:
            GridError: The solver finds no plan.
            PowerFlowError: A step of what is expected has no solution.
        """
        feeder, present = self._feeder, seen.expected.steps(0, 1)
        horizon, room, plan = self.plan(seen)
        self.aimed_kw = plan.peak_kw
        wanted = allocate(
            feeder, present, seen.state, plan.action, room, self._choose_tap(horizon, plan, seen.state.tap)
        )
        return project(feeder, present, wanted, find_bounds(feeder, present, seen.state.stored_kwh, room)).setpoints

    def _choose_tap(self, horizon: Horizon, plan: PooledPlan, now: int) -> int:
        feeder, means, few = self._feeder, horizon.profiles, slice(0, _TAP_BLOCKS)
        weights = feeder.batteries.power_kw / max(feeder.batteries.power_kw.sum(), 1e-9)
        kw = means.load_kw[few] @ feeder.load_at - means.pv_kw[few] @ feeder.pv_at
        kw += plan.battery_kw[few, None] * (weights @ feeder.battery_at)
        kvar = means.load_kvar[few] @ feeder.load_at
        return int(choose_taps(feeder.network, kw, kvar, horizon.hours[few], now, self._tariff)[0])
