"""Networks in which something is switched off or open, beside pandapower."""

import warnings
from typing import Any

import numpy as np
import pytest

from metrify.errors import GridError
from metrify.grid.pandapower_network import ReadNetwork, read_network
from metrify.grid.power_flow import solve_power_flow


def cigre() -> Any:
    """The low-voltage benchmark network of CIGRE, of three feeders below one connection."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pandapower.networks

        return pandapower.networks.create_cigre_network_lv()


def kerber() -> Any:
    """A suburb of 146 homes by Kerber, whose elements have no names."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pandapower.networks

        return pandapower.networks.create_kerber_vorstadtnetz_kabel_1()


def open_line(net: Any, line: int, end: str) -> None:
    import pandapower

    pandapower.create_switch(net, int(net.line.at[line, end]), line, et="l", closed=False)


def nothing(net: Any) -> None:
    """All is as it was."""


def line_off(net: Any) -> None:
    net.line.loc[net.line.index[-1], "in_service"] = False


def one_end(net: Any) -> None:
    open_line(net, int(net.line.index[-1]), "from_bus")


def other_end(net: Any) -> None:
    open_line(net, int(net.line.index[-2]), "to_bus")


def both_ends(net: Any) -> None:
    open_line(net, int(net.line.index[-1]), "from_bus")
    open_line(net, int(net.line.index[-1]), "to_bus")


def bus_off(net: Any) -> None:
    net.bus.loc[net.line.at[net.line.index[-1], "to_bus"], "in_service"] = False


def loads_off(net: Any) -> None:
    net.load.loc[net.load.index[:3], "in_service"] = False
    line_off(net)


def compare(net: Any, read: ReadNetwork, tap: int) -> None:
    """Voltages, loadings and what flows in, with the loads of the net and an inverter that feeds in."""
    import pandapower

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pandapower.runpp(net, numba=False, tolerance_mva=1e-11)
    kw, kvar = (np.zeros((1, len(read.network.bus_names))) for _ in range(2))
    for load in net.load[net.load["in_service"]].itertuples():
        if load.bus in read.bus_numbers:
            kw[0, read.bus_numbers[load.bus]] += 1000 * load.p_mw * load.scaling
            kvar[0, read.bus_numbers[load.bus]] += 1000 * load.q_mvar * load.scaling
    flow = solve_power_flow(read.network, kw, kvar, np.array([tap]))
    for bus, number in read.bus_numbers.items():
        assert flow.voltage_pu[0, number] == pytest.approx(net.res_bus.at[bus, "vm_pu"], rel=0, abs=1e-8)
    assert set(read.bus_numbers) == set(net.res_bus.index[net.res_bus["vm_pu"].notna()])
    loadings = np.concatenate([net.res_line["loading_percent"], net.res_trafo["loading_percent"]])
    told = np.sort(loadings[np.isfinite(loadings)])  # pandapower tells none of a line that is open at one end
    np.testing.assert_allclose(np.sort(flow.loading_percent[0])[-10:], told[-10:], rtol=1e-6)
    assert flow.slack_kw[0] == pytest.approx(1000 * net.res_ext_grid["p_mw"].iloc[0], abs=1e-5)


@pytest.mark.parametrize("make", [cigre, kerber])
@pytest.mark.parametrize("switch", [nothing, line_off, one_end, other_end, both_ends, bus_off, loads_off])
def test_what_is_switched_off_or_open_is_left_out_as_pandapower_does(make: Any, switch: Any) -> None:
    net = make()
    switch(net)
    read = read_network(net, "net")
    taps = read.network.taps
    compare(net, read, 0 if len(taps) == 1 else int(net.trafo["tap_pos"].iloc[0]))


def test_elements_without_a_name_are_called_by_their_number() -> None:
    net = cigre()
    net.line.loc[3, "name"] = None
    assert read_network(net, "net").network.branch_names[3] == "3"


def of_switches(net: Any) -> None:
    import pandapower

    pandapower.create_switch(net, 1, 2, et="b", closed=True, z_ohm=0.01)


def of_limits(net: Any) -> None:
    net.line.loc[4, "max_i_ka"] = np.nan


def of_taps(net: Any) -> None:
    net.trafo["tap_min"], net.trafo["tap_max"] = -2.0, 2.0


def of_units(net: Any) -> None:
    net.load["p_mw"] *= 1000


def of_gens(net: Any) -> None:
    import pandapower

    pandapower.create_gen(net, 5, p_mw=0.01)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (of_switches, "1 branches that are neither lines nor transformers"),
        (of_limits, "1 branches of the network net have no limit"),
        (of_taps, "has 3 tap changers"),
        (of_units, "does not converge"),
        (of_gens, "1 generators that hold a voltage"),
    ],
)
def test_what_can_not_be_right_is_refused_with_its_mend(damage: Any, said: str) -> None:
    net = cigre()
    damage(net)
    with pytest.raises(GridError, match=said) as caught:
        read_network(net, "net")
    assert caught.value.mend
