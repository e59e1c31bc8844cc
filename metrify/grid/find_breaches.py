"""Limits that a plan does not keep, beside the least that they can be breached by."""

from collections.abc import Iterator

import numpy as np

from metrify.grid.dispatch import plan_dispatch
from metrify.grid.feeder import Feeder, Profiles
from metrify.grid.find_binding import FULL_PERCENT, span_of
from metrify.grid.grid_plan import Breach, Limit
from metrify.grid.power_flow import PowerFlow
from metrify.grid.settlement import (
    HARD_BAND_PU,
    Settlement,
    beyond_capacity,
    is_out_of_hard_band,
    is_overloaded,
)
from metrify.grid.state import State
from metrify.grid.tariff import Tariff


def find_breaches(
    feeder: Feeder, expected: Profiles, settled: Settlement, state: State, tariff: Tariff, timezone: str
) -> tuple[Breach, ...]:
    """Branches and buses that are out of their limits, the worst of each first; empty for nearly all plans.

    Only where there are any is the dispatch planned that takes a breach to be dearer than anything else.

    Args:
        feeder: What is connected.
        expected: Profiles of T steps.
        settled: What the plan comes to.
        state: At the beginning.
        tariff: Prices.
        timezone: IANA name of the local time.

    Raises:
        GridError: That dispatch can't be planned.
        PowerFlowError: A step has no solution.
    """
    flow, of_storages = settled.flow, _of_storages(feeder, expected, settled.stored_kwh[1:])
    if not (is_overloaded(flow).any() or is_out_of_hard_band(flow).any()):
        return tuple(of_storages)
    least = plan_dispatch(feeder, expected, state, tariff, timezone).flow
    return (
        *_of_loadings(feeder, expected, flow, least),
        *_of_voltages(feeder, expected, flow, least),
        *of_storages,
    )


def _of_loadings(feeder: Feeder, expected: Profiles, flow: PowerFlow, least: PowerFlow) -> Iterator[Breach]:
    loading, is_unavoidable = flow.loading_percent, np.atleast_1d(is_overloaded(least).any(axis=0))
    beyond = np.where(is_overloaded(flow), loading - FULL_PERCENT, 0)
    for branch in _worst_first(beyond):
        lowest = float(least.loading_percent[:, branch].max())
        yield _breach(
            expected,
            beyond[:, branch],
            loading[:, branch],
            Limit.LOADING,
            feeder.network.branch_names[branch],
            lowest,
            "%",
            not is_unavoidable[branch],
        )


def _of_voltages(feeder: Feeder, expected: Profiles, flow: PowerFlow, least: PowerFlow) -> Iterator[Breach]:
    voltage, is_unavoidable = flow.voltage_pu, np.atleast_1d(is_out_of_hard_band(least).any(axis=0))
    beyond = np.where(is_out_of_hard_band(flow), np.abs(voltage - 1) - HARD_BAND_PU, 0)
    for bus in _worst_first(beyond):
        is_high = voltage[beyond[:, bus].argmax(), bus] > 1
        nearest = float(least.voltage_pu[:, bus].max() if is_high else least.voltage_pu[:, bus].min())
        yield _breach(
            expected,
            beyond[:, bus],
            voltage[:, bus],
            Limit.HARD_VOLTAGE,
            feeder.network.bus_names[bus],
            nearest,
            "pu",
            not is_unavoidable[bus],
        )


def _of_storages(feeder: Feeder, expected: Profiles, stored: np.ndarray) -> Iterator[Breach]:
    """Batteries that would have to hold more than they can, or less than nothing: whoever decides can leave it."""
    beyond = beyond_capacity(feeder, stored)
    for number in _worst_first(beyond):
        worst = stored[beyond[:, number].argmax(), number]
        nearest = float(np.clip(worst, 0, feeder.batteries.capacity_kwh[number]))
        name = feeder.batteries.names[number]
        yield _breach(expected, beyond[:, number], stored[:, number], Limit.STORED, name, nearest, "kWh", True)


def _worst_first(beyond: np.ndarray) -> list[int]:
    """Numbers of the elements that are out of a limit at any step, by `[T, n]` how far."""
    worst = beyond.max(axis=0, initial=0)
    return [int(number) for number in (-worst).argsort(kind="stable") if worst[number] > 0]


def _breach(
    expected: Profiles,
    beyond: np.ndarray,
    values: np.ndarray,
    limit: Limit,
    element: str,
    least: float,
    unit: str,
    is_avoidable: bool,
) -> Breach:
    """That of one element, by `[T]` how far it is out of its limit, and the values themselves."""
    step, (first, end, _) = int(beyond.argmax()), span_of(expected, beyond > 0)
    return Breach(
        limit, element, first, end, expected.times[step], float(values[step]), least, unit, is_avoidable=is_avoidable
    )
