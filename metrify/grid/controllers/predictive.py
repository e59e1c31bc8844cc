"""Model predictive control: plans the day ahead at each step, does the first step of the plan, and plans again."""

from dataclasses import replace

from metrify.grid.controllers.controller import Observation
from metrify.grid.dispatch import plan_dispatch
from metrify.grid.feeder import Feeder
from metrify.grid.settlement import Setpoints
from metrify.grid.tariff import Tariff


class ModelPredictive:
    """Does what is cheapest for what is expected.

    Args:
        feeder: What is connected.
        tariff: Prices.
        timezone: IANA name of the local time.
        peak_hours: Of the time that the peak is charged for, a week for instance.
    """

    def __init__(self, feeder: Feeder, tariff: Tariff, timezone: str, peak_hours: float) -> None:
        self._feeder, self._tariff, self._timezone, self._peak_hours = feeder, tariff, timezone, peak_hours

    def decide(self, seen: Observation) -> Setpoints:
        """See `Controller`.

        Raises:
            GridError: What batteries hold is not possible.
            PowerFlowError: A step of what is expected has no solution.
        """
        plan = plan_dispatch(
            self._feeder,
            seen.expected,
            seen.stored_kwh,
            self._tariff,
            self._timezone,
            seen.tap,
            seen.peak_kw,
            self._peak_hours,
        )
        setpoints = plan.setpoints
        names = ("battery_kw", "curtailed_kw", "pv_kvar", "shifted_kw", "tap_position")
        return replace(setpoints, **{name: getattr(setpoints, name)[:1] for name in names})
