"""Limits of a feeder that a plan reaches, or that would be exceeded without control."""

from collections.abc import Iterator

import numpy as np

from metrify.grid.feeder import Feeder, Profiles
from metrify.grid.grid_plan import Binding, Limit
from metrify.grid.setpoints import Setpoints
from metrify.grid.settlement import HARD_BAND_PU, PLANNING_BAND_PU, Settlement

NEAR_PERCENT, FULL_PERCENT = 99.0, 100.0  # of loading: from where on it binds, and where it is exceeded
_NEAR_PU = 1e-4  # next to a band of voltages
_NEAR_SHARE = 1e-3  # of ratings and capacities
_MOVED_KW = 1e-3


def find_binding(
    feeder: Feeder, expected: Profiles, setpoints: Setpoints, settled: Settlement, uncontrolled: Settlement
) -> tuple[Binding, ...]:
    """Limits of lines, transformers, voltages, batteries and loads, those of each kind by how near they are.

    Args:
        feeder: What is connected.
        expected: Profiles of T steps.
        setpoints: The plan.
        settled: What it comes to.
        uncontrolled: What no control comes to.
    """
    found = [
        *_of_loadings(feeder, expected, settled, uncontrolled),
        *_of_voltages(feeder, expected, settled, uncontrolled),
        *_of_batteries(feeder, expected, setpoints, settled, uncontrolled),
        *_of_loads(feeder, expected, setpoints),
    ]
    return tuple(found)


def span_of(expected: Profiles, is_bound: np.ndarray) -> tuple[np.datetime64, np.datetime64, int]:
    """When the first of some steps begins, when the last one ends, and how many they are.

    Args:
        expected: T steps.
        is_bound: `[T]` bool, at least one of them true.
    """
    steps = np.flatnonzero(is_bound)
    return expected.times[steps[0]], expected.ends[steps[-1]], len(steps)


def _of_loadings(feeder: Feeder, expected: Profiles, settled: Settlement, uncontrolled: Settlement) -> list[Binding]:
    before, after = uncontrolled.flow.loading_percent, settled.flow.loading_percent
    is_bound = (after >= NEAR_PERCENT) | (before > FULL_PERCENT)
    found = [
        Binding(
            Limit.LOADING,
            feeder.network.branch_names[branch],
            *span_of(expected, is_bound[:, branch]),
            float(before[is_bound[:, branch], branch].max()),
            float(after[is_bound[:, branch], branch].max()),
            "%",
        )
        for branch in np.flatnonzero(is_bound.any(axis=0))
    ]
    return sorted(found, key=lambda binding: -max(binding.before, binding.after))


def _of_voltages(feeder: Feeder, expected: Profiles, settled: Settlement, uncontrolled: Settlement) -> list[Binding]:
    """One for each bus and side of the band: the wider band's where that is reached."""
    found = []
    for sign in (1, -1):
        before, after = (sign * (one.flow.voltage_pu - 1) for one in (uncontrolled, settled))
        worst = np.maximum(before, after)
        for bus in np.flatnonzero((worst >= PLANNING_BAND_PU - _NEAR_PU).any(axis=0)):
            is_hard = (worst[:, bus] >= HARD_BAND_PU - _NEAR_PU).any()
            band = HARD_BAND_PU if is_hard else PLANNING_BAND_PU
            is_bound = worst[:, bus] >= band - _NEAR_PU
            found.append(
                Binding(
                    Limit.HARD_VOLTAGE if is_hard else Limit.PLANNING_VOLTAGE,
                    feeder.network.bus_names[bus],
                    *span_of(expected, is_bound),
                    1 + sign * float(before[is_bound, bus].max()),
                    1 + sign * float(after[is_bound, bus].max()),
                    "pu",
                )
            )
    return sorted(found, key=lambda binding: -max(abs(binding.before - 1), abs(binding.after - 1)))


def _of_batteries(
    feeder: Feeder, expected: Profiles, setpoints: Setpoints, settled: Settlement, uncontrolled: Settlement
) -> Iterator[Binding]:
    """Batteries that are empty bind where they have given what they had, and not before they have charged."""
    batteries, stored = feeder.batteries, settled.stored_kwh
    for number, name in enumerate(batteries.names):
        capacity, power = batteries.capacity_kwh[number], setpoints.battery_kw[:, number]
        gave = np.concatenate([[False], np.logical_or.accumulate(power < -_MOVED_KW)[:-1]])
        is_empty = gave & (stored[:-1, number] <= _NEAR_SHARE * capacity)
        cases = (
            (Limit.BATTERY_FULL, stored[1:, number] >= (1 - _NEAR_SHARE) * capacity, settled.stored_kwh[1:, number]),
            (Limit.BATTERY_EMPTY, is_empty, settled.stored_kwh[:-1, number]),
            (Limit.BATTERY_POWER, np.abs(power) >= (1 - _NEAR_SHARE) * batteries.power_kw[number], np.abs(power)),
        )
        for limit, is_bound, values in cases:
            if not is_bound.any():
                continue
            is_power = limit is Limit.BATTERY_POWER
            before = 0.0 if is_power else float(uncontrolled.stored_kwh[0, number])
            after = float(values[is_bound].min() if limit is Limit.BATTERY_EMPTY else values[is_bound].max())
            yield Binding(limit, name, *span_of(expected, is_bound), before, after, "kW" if is_power else "kWh")


def _of_loads(feeder: Feeder, expected: Profiles, setpoints: Setpoints) -> Iterator[Binding]:
    """Loads that put off all that they draw, or draw the most that they can to make up for it."""
    drawn = expected.load_kw + setpoints.shifted_kw
    for number in np.flatnonzero(feeder.shiftable_kw):
        shifted, most = setpoints.shifted_kw[:, number], feeder.shiftable_kw[number]
        is_all = (shifted < -_MOVED_KW) & (drawn[:, number] <= _NEAR_SHARE * most)
        is_bound = is_all | ((shifted > _MOVED_KW) & (drawn[:, number] >= (1 - _NEAR_SHARE) * most))
        if is_bound.any():
            steps = np.flatnonzero(is_bound)
            far = steps[np.abs(shifted[steps]).argmax()]
            yield Binding(
                Limit.LOAD_ROOM,
                feeder.load_names[number],
                *span_of(expected, is_bound),
                float(expected.load_kw[far, number]),
                float(drawn[far, number]),
                "kW",
            )
