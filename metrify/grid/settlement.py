"""What setpoints come to, settled by AC power flow: cost, peak, losses and what was breached."""

from dataclasses import dataclass

import numpy as np

from metrify.errors import GridError
from metrify.grid.feeder import Feeder, Profiles
from metrify.grid.local_clock import ends_local_day
from metrify.grid.power_flow import PowerFlow, solve_power_flow
from metrify.grid.setpoints import Setpoints
from metrify.grid.state import State, owed_energy, stored_energy
from metrify.grid.tariff import Tariff

BREACH_EUR = 1_000.0  # what a plan takes a step to cost that is beyond a bound by all of it: only if nothing else helps
HARD_BAND_PU, PLANNING_BAND_PU = 0.10, 0.05  # around 1; the first one is that of EN 50160
_STORED_TOLERANCE_KWH, _POWER_TOLERANCE_KW = 1e-6, 1e-6
_LOADING_TOLERANCE_PERCENT, _VOLTAGE_TOLERANCE_PU = 1e-6, 1e-9


@dataclass(frozen=True)
class Settlement:
    """What a time cost.

    Attributes:
        energy_eur: Of what flowed into the feeder, less what was paid for what flowed out; losses not counted.
        peak_eur: Of the peak.
        losses_eur: Of losses.
        wear_eur: Of batteries.
        stored_eur: What batteries hold less at the end than at the beginning; negative where more.
        shifting_eur: What loads owe more at the end than at the beginning, and what they owed at the ends of days.
        band_eur: Of voltages out of the planning band.
        peak_kw: Highest power into the feeder.
        losses_kwh: Lost in the feeder.
        curtailed_kwh: Not fed in.
        violations: Steps with a voltage, a loading or a state of charge out of its bounds.
        out_of_band: Steps with a voltage out of the planning band.
        flow: Voltages and loadings.
        stored_kwh: `[T + 1, A]` in batteries, before each step and at the end.
        owed_kwh: `[T + 1, L]` by loads, likewise.
    """

    energy_eur: float
    peak_eur: float
    losses_eur: float
    wear_eur: float
    stored_eur: float
    shifting_eur: float
    band_eur: float
    peak_kw: float
    losses_kwh: float
    curtailed_kwh: float
    violations: int
    out_of_band: int
    flow: PowerFlow
    stored_kwh: np.ndarray
    owed_kwh: np.ndarray

    @property
    def cost_eur(self) -> float:
        """All of it."""
        of_energy = self.energy_eur + self.peak_eur + self.losses_eur
        return of_energy + self.wear_eur + self.stored_eur + self.shifting_eur + self.band_eur


def settle(
    feeder: Feeder, profiles: Profiles, setpoints: Setpoints, state: State, tariff: Tariff, timezone: str
) -> Settlement:
    """Runs the power flow of every step and adds up what it costs.

    Args:
        feeder: What is connected.
        profiles: Of T steps.
        setpoints: Of the same.
        state: At the beginning.
        tariff: Prices.
        timezone: IANA name of the local time.

    Raises:
        GridError: The sizes don't fit; or more is curtailed, put off or made up for than there is.
        PowerFlowError: A step has no solution.
    """
    _require_fit(feeder, profiles, setpoints, state)
    flow, hours = run_setpoints(feeder, profiles, setpoints), profiles.hours
    stored = stored_energy(feeder, setpoints.battery_kw, state.stored_kwh, hours)
    owed = owed_energy(setpoints.shifted_kw, state.owed_kwh, hours)
    _require_possible(feeder, profiles, setpoints, owed)
    net_kwh = (flow.slack_kw - flow.losses_kw) * hours
    prices = np.where(
        net_kwh > 0, tariff.energy_prices(profiles.times, timezone), np.full(len(profiles), tariff.feed_in_eur_per_kwh)
    )
    peak, lost = max(float(flow.slack_kw.max()), 0.0), float(flow.losses_kw.sum()) * hours
    beyond = np.maximum(np.abs(flow.voltage_pu - 1).max(axis=1) - PLANNING_BAND_PU, 0)
    late = owed[1:][ends_local_day(profiles.ends, timezone)].sum()
    return Settlement(
        energy_eur=float(prices @ net_kwh),
        peak_eur=peak * tariff.peak_price(len(profiles) * hours),
        losses_eur=lost * tariff.losses_eur_per_kwh,
        wear_eur=float(np.abs(setpoints.battery_kw).sum()) * hours * tariff.wear_eur_per_kwh,
        stored_eur=float((stored[0] - stored[-1]).sum()) * tariff.stored_eur_per_kwh,
        shifting_eur=float((owed[-1] - owed[0]).sum() * tariff.owed_eur_per_kwh + late * tariff.late_eur_per_kwh),
        band_eur=float(beyond.sum()) * hours * tariff.out_of_band_eur_per_pu_hour,
        peak_kw=peak,
        losses_kwh=lost,
        curtailed_kwh=float(setpoints.curtailed_kw.sum()) * hours,
        violations=int(_is_breached(feeder, flow, stored).sum()),
        out_of_band=int((beyond > _VOLTAGE_TOLERANCE_PU).sum()),
        flow=flow,
        stored_kwh=stored,
        owed_kwh=owed,
    )


def run_setpoints(feeder: Feeder, profiles: Profiles, setpoints: Setpoints) -> PowerFlow:
    """The power flow of profiles that are controlled.

    Raises:
        PowerFlowError: A step has no solution.
    """
    return solve_power_flow(feeder.network, *powers_at_buses(feeder, profiles, setpoints), setpoints.tap_position)


def powers_at_buses(feeder: Feeder, profiles: Profiles, setpoints: Setpoints) -> tuple[np.ndarray, np.ndarray]:
    """What is drawn at each bus, `[T, n]` kW and kvar."""
    fed_kw, drawn_kw = profiles.pv_kw - setpoints.curtailed_kw, profiles.load_kw + setpoints.shifted_kw
    kw = drawn_kw @ feeder.load_at + setpoints.battery_kw @ feeder.battery_at - fed_kw @ feeder.pv_at
    return kw, profiles.load_kvar @ feeder.load_at + setpoints.pv_kvar @ feeder.pv_at


def is_overloaded(flow: PowerFlow) -> np.ndarray:
    """`[T, B]` bool, which branches are loaded beyond 100 %."""
    return np.asarray(flow.loading_percent > 100 + _LOADING_TOLERANCE_PERCENT)


def is_out_of_hard_band(flow: PowerFlow) -> np.ndarray:
    """`[T, n]` bool, which buses are."""
    return np.asarray(np.abs(flow.voltage_pu - 1) > HARD_BAND_PU + _VOLTAGE_TOLERANCE_PU)


def beyond_capacity(feeder: Feeder, stored_kwh: np.ndarray) -> np.ndarray:
    """`[T, A]` kWh by which batteries would hold more than they can, or less than nothing; 0 where they don't.

    Args:
        feeder: Whose batteries they are.
        stored_kwh: `[T, A]`.
    """
    beyond = np.maximum(stored_kwh - feeder.batteries.capacity_kwh, -stored_kwh)
    return np.asarray(np.where(beyond > _STORED_TOLERANCE_KWH, beyond, 0.0))


def _is_breached(feeder: Feeder, flow: PowerFlow, stored: np.ndarray) -> np.ndarray:
    """`[T]` bool."""
    of_grid = is_out_of_hard_band(flow).any(axis=1) | is_overloaded(flow).any(axis=1)
    return np.asarray(of_grid | beyond_capacity(feeder, stored[1:]).any(axis=1))


def _require_fit(feeder: Feeder, profiles: Profiles, setpoints: Setpoints, state: State) -> None:
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
        (state.stored_kwh, (count,)),
        (state.owed_kwh, (loads,)),
    )
    if not steps or any(values.shape != shape for values, shape in shapes):
        raise GridError(
            f"Profiles and setpoints don't fit the {loads} loads, {pv} inverters and {count} batteries of "
            f"{feeder.network.name} in {steps} steps.",
            "Give a row for each step and a column for each element.",
        )


def _require_possible(feeder: Feeder, profiles: Profiles, setpoints: Setpoints, owed: np.ndarray) -> None:
    curtailed, drawn, shifted = setpoints.curtailed_kw, profiles.load_kw + setpoints.shifted_kw, setpoints.shifted_kw
    if (curtailed < -_POWER_TOLERANCE_KW).any() or (curtailed > profiles.pv_kw + _POWER_TOLERANCE_KW).any():
        raise GridError("More is curtailed than inverters could feed in, or less than nothing.", "Curtail what is fed.")
    fed, rated = profiles.pv_kw - curtailed, np.maximum(feeder.pv_kva, profiles.pv_kw) + _POWER_TOLERANCE_KW
    beyond = np.abs(setpoints.battery_kw) > feeder.batteries.power_kw + _POWER_TOLERANCE_KW
    if beyond.any() or (np.hypot(fed, setpoints.pv_kvar) > rated).any():
        raise GridError("A battery or an inverter is set beyond its rating.", "Keep to `power_kw` and `pv_kva`.")
    above = np.maximum(feeder.shiftable_kw, profiles.load_kw) + _POWER_TOLERANCE_KW
    moved = np.abs(shifted) > _POWER_TOLERANCE_KW
    impossible = moved & ((feeder.shiftable_kw == 0) | (drawn < -_POWER_TOLERANCE_KW) | (drawn > above))
    if impossible.any() or (owed < -_STORED_TOLERANCE_KWH).any():
        raise GridError(
            "A load is shifted that can't be, puts off more than it draws, makes up for more than it owes, or draws "
            "more than it can.",
            "Shift what `shiftable_kw` allows, and put it off before it is made up for.",
        )
