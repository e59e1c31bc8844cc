"""Rules that look at nothing but the present: no control, and self-consumption."""

import numpy as np

from metrify.grid.controllers.controller import Observation
from metrify.grid.feeder import Feeder
from metrify.grid.setpoints import Setpoints


class NoControl:
    """Batteries are idle, and inverters feed in all there is.

    Args:
        feeder: What is connected.
    """

    def __init__(self, feeder: Feeder) -> None:
        self._feeder = feeder

    def decide(self, seen: Observation) -> Setpoints:
        """See `Controller`."""
        return Setpoints.nothing(self._feeder, 1, seen.state.tap)


class SelfConsumption:
    """Batteries take what would flow out of the feeder, and give what would flow in, as long as they can.

    Each has a part of it by what it can take or give in the step. This is what home storages do without a forecast.

    Args:
        feeder: What is connected.
    """

    def __init__(self, feeder: Feeder) -> None:
        self._feeder = feeder

    def decide(self, seen: Observation) -> Setpoints:
        """See `Controller`."""
        setpoints = Setpoints.nothing(self._feeder, 1, seen.state.tap)
        net_kw = float(seen.expected.load_kw[0].sum() - seen.expected.pv_kw[0].sum())
        most = most_battery_kw(self._feeder, seen.state.stored_kwh, seen.expected.hours, charging=net_kw < 0)
        whole = most.sum()
        share = min(abs(net_kw) / whole, 1.0) if whole > 0 else 0.0
        setpoints.battery_kw[0] = -np.sign(net_kw) * share * most
        return setpoints


def most_battery_kw(feeder: Feeder, stored_kwh: np.ndarray, hours: float, charging: bool) -> np.ndarray:
    """What each battery can take, or give, in a step, `[A]` kW at its bus.

    Args:
        feeder: Whose batteries they are.
        stored_kwh: `[A]` that they hold.
        hours: Of the step.
        charging: Whether they take.
    """
    batteries = feeder.batteries
    if charging:
        room = np.maximum(batteries.capacity_kwh - stored_kwh, 0) / batteries.efficiency
    else:
        room = np.maximum(stored_kwh, 0) * batteries.efficiency
    return np.minimum(room / hours, batteries.power_kw)
