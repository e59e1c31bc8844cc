"""What setpoints come to, settled by AC power flow: cost, peak, losses and what was breached."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from metrify.errors import GridError
from metrify.grid.feeder import Feeder, Profiles
from metrify.grid.power_flow import PowerFlow, solve_power_flow
from metrify.grid.tariff import Tariff

HARD_BAND_PU, PLANNING_BAND_PU = 0.10, 0.05  # around 1; the first one is that of EN 50160
_STORED_TOLERANCE_KWH, _LOADING_TOLERANCE_PERCENT, _VOLTAGE_TOLERANCE_PU = 1e-6, 1e-6, 1e-9


@dataclass(frozen=True, eq=False)
class Setpoints:
    """What is controlled in T steps.

    Attributes:
        battery_kw: `[T, A]` drawn by each battery, negative where it feeds in.
        curtailed_kw: `[T, P]` of what inverters could feed in.
        pv_kvar: `[T, P]` drawn by inverters.
        shifted_kw: `[T, L]` drawn by loads beyond their profile, negative where less.
        tap_position: `[T]` int.
    """

    battery_kw: np.ndarray
    curtailed_kw: np.ndarray
    pv_kvar: np.ndarray
    shifted_kw: np.ndarray
    tap_position: np.ndarray

    @classmethod
    def nothing(cls, feeder: Feeder, steps: int, tap: int) -> Self:
        """Those of a feeder that nobody controls."""
        battery, pv, load = (
            np.zeros((steps, count)) for count in (len(feeder.batteries), len(feeder.pv_names), len(feeder.load_names))
        )
        return cls(battery, pv, pv, load, np.full(steps, tap))


@dataclass(frozen=True)
class Settlement:
    """What a time cost.

    Attributes:
        energy_eur: Of what flowed into the feeder, less what was paid for what flowed out; losses not counted.
        peak_eur: Of the peak.
        losses_eur: Of losses.
        wear_eur: Of batteries.
        stored_eur: What batteries hold less at the end than at the beginning; negative where more.
        peak_kw: Highest power into the feeder.
        losses_kwh: Lost in the feeder.
        curtailed_kwh: Not fed in.
        violations: Steps with a voltage, a loading or a state of charge out of its bounds.
        out_of_band: Steps with a voltage out of the planning band.
        flow: Voltages and loadings.
        stored_kwh: `[T + 1, A]` in batteries, before each step and at the end.
    """

    energy_eur: float
    peak_eur: float
    losses_eur: float
    wear_eur: float
    stored_eur: float
    peak_kw: float
    losses_kwh: float
    curtailed_kwh: float
    violations: int
    out_of_band: int
    flow: PowerFlow
    stored_kwh: np.ndarray

    @property
    def cost_eur(self) -> float:
        """All of it."""
        return self.energy_eur + self.peak_eur + self.losses_eur + self.wear_eur + self.stored_eur


def settle(
    feeder: Feeder, profiles: Profiles, setpoints: Setpoints, stored_kwh: np.ndarray, tariff: Tariff, timezone: str
) -> Settlement:
    """Runs the power flow of every step and adds up what it costs.

    Args:
        feeder: What is connected.
        profiles: Of T steps.
        setpoints: Of the same.
        stored_kwh: `[A]` in batteries at the beginning.
        tariff: Prices.
        timezone: IANA name of the local time.

    Raises:
        GridError: The sizes don't fit, or more is curtailed than there is.
        PowerFlowError: A step has no solution.
    """
    _require_fit(feeder, profiles, setpoints, stored_kwh)
    flow, hours = run_setpoints(feeder, profiles, setpoints), profiles.hours
    stored = state_of_charge(feeder, setpoints.battery_kw, stored_kwh, hours)
    net_kwh = (flow.slack_kw - flow.losses_kw) * hours
    prices = np.where(
        net_kwh > 0, tariff.energy_prices(profiles.times, timezone), np.full(len(profiles), tariff.feed_in_eur_per_kwh)
    )
    peak, lost = max(float(flow.slack_kw.max()), 0.0), float(flow.losses_kw.sum()) * hours
    return Settlement(
        energy_eur=float(prices @ net_kwh),
        peak_eur=peak * tariff.peak_price(len(profiles) * hours),
        losses_eur=lost * tariff.losses_eur_per_kwh,
        wear_eur=float(np.abs(setpoints.battery_kw).sum()) * hours * tariff.wear_eur_per_kwh,
        stored_eur=float((stored[0] - stored[-1]).sum()) * tariff.stored_eur_per_kwh,
        peak_kw=peak,
        losses_kwh=lost,
        curtailed_kwh=float(setpoints.curtailed_kw.sum()) * hours,
        violations=int(_is_breached(feeder, flow, stored).sum()),
        out_of_band=int((np.abs(flow.voltage_pu - 1) > PLANNING_BAND_PU + _VOLTAGE_TOLERANCE_PU).any(axis=1).sum()),
        flow=flow,
        stored_kwh=stored,
    )


def run_setpoints(feeder: Feeder, profiles: Profiles, setpoints: Setpoints) -> PowerFlow:
    """The power flow of profiles that are controlled.

    Raises:
        PowerFlowError: A step has no solution.
    """
    fed_kw, drawn_kw = profiles.pv_kw - setpoints.curtailed_kw, profiles.load_kw + setpoints.shifted_kw
    kw = drawn_kw @ feeder.load_at + setpoints.battery_kw @ feeder.battery_at - fed_kw @ feeder.pv_at
    kvar = profiles.load_kvar @ feeder.load_at + setpoints.pv_kvar @ feeder.pv_at
    return solve_power_flow(feeder.network, kw, kvar, setpoints.tap_position)


def state_of_charge(feeder: Feeder, battery_kw: np.ndarray, stored_kwh: np.ndarray, hours: float) -> np.ndarray:
    """What batteries hold before each step and at the end, `[T + 1, A]` kWh, whether they can or not.

    Args:
        feeder: Whose batteries they are.
        battery_kw: `[T, A]` drawn at their buses.
        stored_kwh: `[A]` at the beginning.
        hours: Of a step.
    """
    efficiency = feeder.batteries.efficiency
    taken = np.where(battery_kw > 0, battery_kw * efficiency, battery_kw / efficiency) * hours
    return np.concatenate([stored_kwh[None], stored_kwh + taken.cumsum(axis=0)])


def _is_breached(feeder: Feeder, flow: PowerFlow, stored: np.ndarray) -> np.ndarray:
    """`[T]` bool."""
    voltage = (np.abs(flow.voltage_pu - 1) > HARD_BAND_PU + _VOLTAGE_TOLERANCE_PU).any(axis=1)
    loading = (flow.loading_percent > 100 + _LOADING_TOLERANCE_PERCENT).any(axis=1)
    above = stored[1:] > feeder.batteries.capacity_kwh + _STORED_TOLERANCE_KWH
    return voltage | loading | (above | (stored[1:] < -_STORED_TOLERANCE_KWH)).any(axis=1)


def _require_fit(feeder: Feeder, profiles: Profiles, setpoints: Setpoints, stored_kwh: np.ndarray) -> None:
    steps, loads, pv, count = len(profiles), len(feeder.load_names), len(feeder.pv_names), len(feeder.batteries)
    shapes = (
        (profiles.load_kw, (steps, loads)),
        (profiles.load_kvar, (steps, loads)),
        (profiles.pv_kw, (steps, pv)),
        (setpoints.battery_kw, (steps, count)),
        (setpoints.curtailed_kw, (steps, pv)),
        (setpoints.pv_kvar, (steps, pv)),
        (setpoints.shifted_kw, (steps, loads)),
        (setpoints.tap_position, (steps,)),
        (stored_kwh, (count,)),
    )
    if not steps or any(values.shape != shape for values, shape in shapes):
        raise GridError(
            f"Profiles and setpoints don't fit the {loads} loads, {pv} inverters and {count} batteries of "
            f"{feeder.network.name} in {steps} steps.",
            "Give a row for each step and a column for each element.",
        )
    if (setpoints.curtailed_kw < -1e-9).any() or (setpoints.curtailed_kw > profiles.pv_kw + 1e-9).any():
        raise GridError("More is curtailed than inverters could feed in, or less than nothing.", "Curtail what is fed.")
