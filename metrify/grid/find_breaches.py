"""Limits that a plan does not keep, beside the least that they can be breached by."""

from collections.abc import Iterator
from itertools import chain

import numpy as np

from metrify.grid.dispatch import plan_dispatch
from metrify.grid.feeder import Feeder, Profiles
from metrify.grid.find_binding import FULL_PERCENT, span_of
from metrify.grid.grid_plan import Breach, Limit
from metrify.grid.power_flow import PowerFlow
from metrify.grid.settlement import HARD_BAND_PU, Settlement
from metrify.grid.state import State
from metrify.grid.tariff import Tariff

_LOADING_TOLERANCE_PERCENT, _VOLTAGE_TOLERANCE_PU, _STORED_TOLERANCE_KWH = 1e-6, 1e-9, 1e-6  # the settlement's


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
    loading, voltage = _excess(settled.flow)
    of_storages = tuple(_of_storages(feeder, expected, settled))
    if not (loading.any() or voltage.any()):
        return of_storages
    least = plan_dispatch(feeder, expected, state, tariff, timezone).flow
    of_flows = (
        _of_loadings(feeder, expected, settled.flow, least),
        _of_voltages(feeder, expected, settled.flow, least),
    )
    return (*chain.from_iterable(of_flows), *of_storages)


def _of_storages(feeder: Feeder, expected: Profiles, settled: Settlement) -> Iterator[Breach]:
    """Batteries that would have to hold more than they can, or less than nothing: whoever decides can leave it."""
    stored, capacity = settled.stored_kwh[1:], feeder.batteries.capacity_kwh
    beyond = np.maximum(stored - capacity, -stored)
    for number in np.flatnonzero((beyond > _STORED_TOLERANCE_KWH).any(axis=0)):
        step, is_out = int(beyond[:, number].argmax()), beyond[:, number] > _STORED_TOLERANCE_KWH
        first, end, _ = span_of(expected, is_out)
        worst = float(stored[step, number])
        nearest = float(np.clip(worst, 0, capacity[number]))
        yield Breach(
            Limit.STORED,
            feeder.batteries.names[number],
            first,
            end,
            expected.times[step],
            worst,
            nearest,
            "kWh",
            is_avoidable=True,
        )


def _excess(flow: PowerFlow) -> tuple[np.ndarray, np.ndarray]:
    """`[T, B]` and `[T, n]` bool, whether branches are overloaded, and buses out of the hard band."""
    return (
        flow.loading_percent > FULL_PERCENT + _LOADING_TOLERANCE_PERCENT,
        np.abs(flow.voltage_pu - 1) > HARD_BAND_PU + _VOLTAGE_TOLERANCE_PU,
    )


def _of_loadings(feeder: Feeder, expected: Profiles, flow: PowerFlow, least: PowerFlow) -> Iterator[Breach]:
    is_over, can_not = _excess(flow)[0], _excess(least)[0]
    worst = flow.loading_percent.max(axis=0)
    for branch in sorted(np.flatnonzero(is_over.any(axis=0)), key=lambda number: -worst[number]):
        step = int(flow.loading_percent[:, branch].argmax())
        first, end, _ = span_of(expected, is_over[:, branch])
        yield Breach(
            Limit.LOADING,
            feeder.network.branch_names[branch],
            first,
            end,
            expected.times[step],
            float(worst[branch]),
            float(least.loading_percent[:, branch].max()),
            "%",
            not can_not[:, branch].any(),
        )


def _of_voltages(feeder: Feeder, expected: Profiles, flow: PowerFlow, least: PowerFlow) -> Iterator[Breach]:
    is_out, can_not = _excess(flow)[1], _excess(least)[1]
    deviation, of_least = flow.voltage_pu - 1, least.voltage_pu
    worst = np.abs(deviation).max(axis=0)
    for bus in sorted(np.flatnonzero(is_out.any(axis=0)), key=lambda number: -worst[number]):
        step = int(np.abs(deviation[:, bus]).argmax())
        first, end, _ = span_of(expected, is_out[:, bus])
        yield Breach(
            Limit.HARD_VOLTAGE,
            feeder.network.bus_names[bus],
            first,
            end,
            expected.times[step],
            float(flow.voltage_pu[step, bus]),
            float(of_least[:, bus].max() if deviation[step, bus] > 0 else of_least[:, bus].min()),
            "pu",
            not can_not[:, bus].any(),
        )
