"""Sensitivities beside what the power flow says of a little more power."""

import numpy as np
import pytest

from metrify.grid.linear_network import LinearNetwork
from metrify.grid.power_flow import PowerFlow, solve_power_flow
from metrify.grid.simbench_feeder import read_simbench_feeder
from metrify.readings.sources.simbench import GRIDS

TAP, STEP = 1, 48


@pytest.fixture(scope="module", params=GRIDS)
def state(request: pytest.FixtureRequest) -> tuple[LinearNetwork, np.ndarray, np.ndarray, PowerFlow]:
    feeder, year = read_simbench_feeder(request.param)
    now = year.steps(196 * 96 + STEP, 1)
    kw = now.load_kw @ feeder.load_at - now.pv_kw @ feeder.pv_at
    kvar = now.load_kvar @ feeder.load_at
    flow = solve_power_flow(feeder.network, kw, kvar, np.array([TAP]))
    (number,) = feeder.network.tap_numbers(np.array([TAP]))
    return LinearNetwork(feeder.network, int(number), flow.voltage[0]), kw, kvar, flow


@pytest.mark.parametrize("kind", ["kw", "kvar"])
def test_a_kilowatt_or_kilovar_more_does_what_is_told(
    state: tuple[LinearNetwork, np.ndarray, np.ndarray, PowerFlow], kind: str
) -> None:
    linear, kw, kvar, flow = state
    buses = kw.shape[1]
    more = np.vstack([np.zeros(buses), np.eye(buses)])
    drawn = (kw + more, kvar + 0 * more) if kind == "kw" else (kw + 0 * more, kvar + more)
    moved = solve_power_flow(linear.network, *drawn, np.full(buses + 1, TAP))
    voltages = (moved.voltage_pu[1:] - flow.voltage_pu).T
    told = linear.voltage_per_kw if kind == "kw" else linear.voltage_per_kvar
    np.testing.assert_allclose(told, voltages, atol=0.1 * np.abs(voltages).max())
    currents = linear.current[..., None] + (linear.current_per_kw if kind == "kw" else linear.current_per_kvar)
    np.testing.assert_allclose(100 * np.abs(currents).max(axis=0).T, moved.loading_percent[1:], atol=0.2)


def test_the_operating_point_has_its_own_loadings(
    state: tuple[LinearNetwork, np.ndarray, np.ndarray, PowerFlow],
) -> None:
    linear, _, _, flow = state
    np.testing.assert_allclose(100 * np.abs(linear.current).max(axis=0), flow.loading_percent[0], rtol=1e-9)
