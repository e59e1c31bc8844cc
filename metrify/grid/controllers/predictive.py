"""Model predictive control: plans the day ahead at each step, does the first step of the plan, and plans again."""

from metrify.grid.controllers.controller import Observation
from metrify.grid.dispatch import plan_dispatch
from metrify.grid.feeder import Feeder
from metrify.grid.setpoints import Setpoints
from metrify.grid.tariff import Tariff

_FINE_STEPS = 4  # planned one by one; hours after them


class ModelPredictive:
    """Does what is cheapest for what is expected.

    Args:
        feeder: What is connected.
        tariff: Prices.
        timezone: IANA name of the local time.
        peak_hours: Of the time that the peak is charged for, a week for instance.
        fine_steps: How many steps are planned one by one before whole hours are.
    """

    def __init__(
        self, feeder: Feeder, tariff: Tariff, timezone: str, peak_hours: float, fine_steps: int = _FINE_STEPS
    ) -> None:
        self._feeder, self._tariff, self._timezone, self._peak_hours = feeder, tariff, timezone, peak_hours
        self._fine_steps = fine_steps

    def decide(self, seen: Observation) -> Setpoints:
        """See `Controller`.

        Raises:
            GridError: What batteries hold is not possible.
            PowerFlowError: A step of what is expected has no solution.
        """
        plan = plan_dispatch(
            self._feeder,
            seen.expected,
            seen.state,
            self._tariff,
            self._timezone,
            seen.peak_kw,
            self._peak_hours,
            self._fine_steps,
        )
        return plan.setpoints.steps(0, 1)
