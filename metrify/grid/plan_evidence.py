"""What reasons of actions are derived from: flows with and without control and without one action, prices, the peak."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from metrify.grid.feeder import Feeder, Profiles
from metrify.grid.find_actions import Run, without
from metrify.grid.find_binding import NEAR_PERCENT
from metrify.grid.power_flow import PowerFlow
from metrify.grid.setpoints import Setpoints
from metrify.grid.settlement import HARD_BAND_PU, PLANNING_BAND_PU, Settlement, run_setpoints
from metrify.grid.tariff import Tariff
from metrify.units import HOURS_PER_DAY

_RELIEF_KW = 0.1  # by which an action has to lower what flows in to be done for the peak
_RELIEF_SHARE = 0.02  # of what is beyond a limit, by which an action has to lower that to be done for it


@dataclass(frozen=True, eq=False)
class PlanEvidence:
    """A plan and what it is compared with.

    Attributes:
        feeder: What is connected.
        expected: Profiles of T steps.
        setpoints: The plan.
        settled: What it comes to.
        uncontrolled: What no control comes to.
        tariff: Prices.
        timezone: IANA name of the local time.
        tap: Position of the tap changer before the first step.
        peak_kw: Of the plan, or the one before it if that was higher.
    """

    feeder: Feeder
    expected: Profiles
    setpoints: Setpoints
    settled: Settlement
    uncontrolled: Settlement
    tariff: Tariff
    timezone: str
    tap: int
    peak_kw: float

    @cached_property
    def prices(self) -> np.ndarray:
        """`[T]` EUR per kWh of energy that flows in."""
        return self.tariff.energy_prices(self.expected.times, self.timezone)

    @cached_property
    def marginal_prices(self) -> np.ndarray:
        """`[T]` EUR per kWh that one kWh more costs as planned: what feed-in is paid where the feeder feeds in."""
        return np.where(self.settled.flow.slack_kw > 0, self.prices, self.tariff.feed_in_eur_per_kwh)

    def clock(self, step: int) -> str:
        """The local time at which a step begins; with the date where the plan is of more than a day."""
        moment = self.expected.start + step * np.timedelta64(self.expected.minutes, "m")
        local = pd.Timestamp(moment, tz="UTC").tz_convert(self.timezone)
        is_long = len(self.expected) * self.expected.hours > HOURS_PER_DAY + 1
        return f"{local:%Y-%m-%d %H:%M}" if is_long else f"{local:%H:%M}"

    def flow_without(self, run: Run) -> PowerFlow:
        """The flow of a run's steps without it.

        Raises:
            PowerFlowError: A step has no solution.
        """
        part = self.expected.steps(run.first, run.stop - run.first)
        return run_setpoints(self.feeder, part, without(self.setpoints, run, self.tap))

    def limit_relieved(self, run: Run, undone: PowerFlow) -> tuple[int, str] | None:
        """The step at which a run relieves a limit the most beyond it, and what it would be there; None for no limit.

        Args:
            run: What is done.
            undone: The flow of its steps without it.
        """
        for band in (HARD_BAND_PU, PLANNING_BAND_PU):
            for loading, voltage, said in self._bases(run, undone):
                if band == HARD_BAND_PU:
                    relief = undone.loading_percent - self._after(run, "loading_percent")
                    helped = relief > _RELIEF_SHARE * np.maximum(loading - NEAR_PERCENT, 0)
                    found = _worst(np.where(helped, loading, 0), NEAR_PERCENT)
                    if found:
                        name = self.feeder.network.branch_names[found[1]]
                        at = run.first + found[0]
                        return at, f"{name} would be at {loading[found]:.0f} % at {self.clock(at)} {said}"
                away = np.abs(voltage - 1)
                relief = np.abs(undone.voltage_pu - 1) - np.abs(self._after(run, "voltage_pu") - 1)
                found = _worst(np.where(relief > _RELIEF_SHARE * np.maximum(away - band, 0), away, 0), band)
                if found:
                    name, at = self.feeder.network.bus_names[found[1]], run.first + found[0]
                    return at, f"the voltage at {name} would be {voltage[found]:.3f} pu at {self.clock(at)} {said}"
        return None

    def peak_relieved(self, run: Run, undone: PowerFlow) -> tuple[int, str] | None:
        """The step at which a run keeps the most that would flow in beyond the plan's peak; None for none."""
        helped = undone.slack_kw - self._after(run, "slack_kw") > _RELIEF_KW
        before = self.uncontrolled.flow.slack_kw[run.steps]
        for inflow, said in ((before, "without control"), (undone.slack_kw, "without it")):
            found = _worst(np.where(helped, inflow, 0)[:, None], self.peak_kw + _RELIEF_KW)
            if found:
                at = run.first + found[0]
                above = f"above the plan's peak of {self.peak_kw:.1f} kW"
                return at, f"{inflow[found[0]]:.1f} kW would flow in at {self.clock(at)} {said}, {above}"
        return None

    def strained(self, step: int) -> str | None:
        """What would be beyond a limit, or above the plan's peak, in a step without control; None for nothing."""
        flow = self.uncontrolled.flow
        branch = int(flow.loading_percent[step].argmax())
        if flow.loading_percent[step, branch] >= NEAR_PERCENT:
            return f"{self.feeder.network.branch_names[branch]} would be at {flow.loading_percent[step, branch]:.0f} %"
        if flow.slack_kw[step] > self.peak_kw + _RELIEF_KW:
            return f"{flow.slack_kw[step]:.1f} kW would flow in, above the plan's peak of {self.peak_kw:.1f} kW"
        return None

    def _bases(self, run: Run, undone: PowerFlow) -> tuple[tuple[np.ndarray, np.ndarray, str], ...]:
        before = self.uncontrolled.flow
        return (
            (before.loading_percent[run.steps], before.voltage_pu[run.steps], "without control"),
            (undone.loading_percent, undone.voltage_pu, "without it"),
        )

    def _after(self, run: Run, name: str) -> np.ndarray:
        return np.asarray(getattr(self.settled.flow, name)[run.steps])


def _worst(values: np.ndarray, least: float) -> tuple[int, int] | None:
    """Place of the highest of `[n, m]` values, step first; None where none is above the least that counts."""
    if not values.size or values.max() <= least:
        return None
    step, element = np.unravel_index(values.argmax(), values.shape)
    return int(step), int(element)
