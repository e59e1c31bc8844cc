"""Power flow of many steps at once, beside pandapower."""

import copy
import warnings
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from metrify.errors import GridError, PowerFlowError
from metrify.grid.network import Network
from metrify.grid.pandapower_network import ReadNetwork, read_network
from metrify.grid.power_flow import solve_power_flow
from metrify.grid.simbench_feeder import read_simbench_net
from metrify.readings.sources.simbench import GRIDS

STEPS_PER_DAY = 96
DAY = 196  # of the year: a bright one in July


@lru_cache
def load(grid: str):  # type: ignore[no-untyped-def]
    """SimBench's net, its profiles in MW and Mvar, and the network."""
    net, profiles = read_simbench_net(grid)
    return net, profiles, read_network(net, grid)


def drawn(grid: str, steps: slice) -> tuple[np.ndarray, np.ndarray]:
    """kW and kvar at the network's buses, `[S, n]` each; its storages are idle."""
    net, profiles, read = load(grid)
    count = len(profiles[("load", "p_mw")].iloc[steps])
    kw, kvar = (np.zeros((count, len(read.network.bus_names))) for _ in range(2))
    for table, column, sign, out in (
        ("load", "p_mw", 1, kw),
        ("load", "q_mvar", 1, kvar),
        ("sgen", "p_mw", -1, kw),
    ):
        values = profiles[(table, column)].iloc[steps].to_numpy() * 1000 * sign
        for place, bus in enumerate(net[table]["bus"]):
            out[:, read.bus_numbers[bus]] += values[:, place]
    return kw, kvar


def run_pandapower(grid: str, step: int, tap: int) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Voltages by the network's buses, loadings by its branches, losses and what the slack bus draws."""
    import pandapower

    net, profiles, read = load(grid)
    net.storage["p_mw"] = 0.0
    for (table, column), values in profiles.items():
        if table in ("load", "sgen"):
            net[table][column] = values.iloc[step].to_numpy()
    net.trafo["tap_pos"] = tap
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pandapower.runpp(net, numba=False, tolerance_mva=1e-11)
    voltages = np.empty(len(read.network.bus_names))
    for bus, number in read.bus_numbers.items():
        voltages[number] = net.res_bus.at[bus, "vm_pu"]
    loadings = np.concatenate([net.res_line["loading_percent"], net.res_trafo["loading_percent"]])
    losses = 1000 * (net.res_line["pl_mw"].sum() + net.res_trafo["pl_mw"].sum())
    return voltages, loadings, losses, 1000 * float(net.res_ext_grid["p_mw"].iloc[0])


@pytest.mark.parametrize("grid", GRIDS)
def test_voltages_loadings_and_losses_are_those_of_pandapower_over_a_day(grid: str) -> None:
    steps = slice(DAY * STEPS_PER_DAY, (DAY + 1) * STEPS_PER_DAY)
    network = load(grid)[2].network
    kw, kvar = drawn(grid, steps)
    flow = solve_power_flow(network, kw, kvar, np.ones(STEPS_PER_DAY, int))
    for number in range(STEPS_PER_DAY):
        voltages, loadings, losses, slack = run_pandapower(grid, steps.start + number, 1)
        np.testing.assert_allclose(flow.voltage_pu[number], voltages, rtol=0, atol=1e-8)
        np.testing.assert_allclose(flow.loading_percent[number], loadings, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose([flow.losses_kw[number], flow.slack_kw[number]], [losses, slack], atol=1e-5)


@pytest.mark.parametrize("grid", GRIDS[:1])
def test_each_position_of_the_tap_changer_has_its_own_voltages(grid: str) -> None:
    network = load(grid)[2].network
    kw, kvar = (np.repeat(values, 5, axis=0) for values in drawn(grid, slice(70, 71)))
    taps = np.array([2, -2, 0, 1, -1])
    flow = solve_power_flow(network, kw, kvar, taps)
    assert (np.diff(flow.voltage_pu[taps.argsort()], axis=0)[:, -1] < -0.01).all()  # a higher one, a lower voltage
    for number, tap in enumerate(taps):
        np.testing.assert_allclose(flow.voltage_pu[number], run_pandapower(grid, 70, tap)[0], rtol=0, atol=1e-8)
    with pytest.raises(GridError, match=r"no position 3.*-2, -1, 0, 1, 2"):
        solve_power_flow(network, kw, kvar, taps + 1)


def test_a_feeder_without_a_solution_is_an_error_that_names_the_step() -> None:
    network = load(GRIDS[0])[2].network
    kw, kvar = (np.repeat(values, 3, axis=0) for values in drawn(GRIDS[0], slice(70, 71)))
    kw[1] *= 1_000
    with pytest.raises(PowerFlowError, match="1 of 3 steps, the first of them 1"):
        solve_power_flow(network, kw, kvar, np.zeros(3, int))


def test_what_is_no_single_feeder_is_refused() -> None:
    import pandapower

    net = copy.deepcopy(load(GRIDS[0])[0])
    pandapower.create_ext_grid(net, 5)
    pandapower.create_shunt(net, 5, q_mvar=0.01)
    net.load.loc[net.load.index[2], net.load.columns[net.load.columns.str.startswith("const_z")]] = 50.0
    said = "2 connections to the grid above, 1 elements of the kind shunt, 1 loads that depend on the voltage"
    with pytest.raises(GridError, match=said):
        read_network(net, "two")


def test_matrices_that_do_not_fit_are_refused() -> None:
    read: ReadNetwork = load(GRIDS[0])[2]
    assert isinstance(read.network, Network) and len(set(read.bus_numbers.values())) == len(read.network.bus_names)
    with pytest.raises(GridError, match="don't fit"):
        replace(read.network, limit_from=np.ones(3))
