"""Networks of pandapower, SimBench's among them, as matrices.

Thurner and others 2018, pandapower, doi 10.1109/TPWRS.2018.2829021.
"""

import copy
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from metrify.errors import GridError
from metrify.grid.network import Network, TapAdmittance

if TYPE_CHECKING:
    from pandapower import pandapowerNet

_KVA_PER_MVA = 1000.0
_ROOT_3 = np.sqrt(3.0)


@dataclass(frozen=True)
class ReadNetwork:
    """A network, and where elements of the net are in it.

    Attributes:
        network: The matrices.
        bus_numbers: Of the net's buses, by their index; several that closed switches join have the same.
    """

    network: Network
    bus_numbers: Mapping[int, int]


def read_network(net: "pandapowerNet", name: str) -> ReadNetwork:
    """Reads a network with one slack bus and at most one tap changer, whose every position has matrices of its own.

    Args:
        net: Of pandapower; it is not changed.
        name: Of the feeder.

    Raises:
        GridError: It has several slack buses or tap changers, or generators that hold a voltage; something is switched
            off; or it can't be solved.
    """
    _require_readable(net, name)
    own, transformer = copy.deepcopy(net), _tap_changer(net, name)
    positions: tuple[int, ...] = (0,)
    if transformer is not None:
        lowest, highest = (int(own.trafo.at[transformer, column]) for column in ("tap_min", "tap_max"))
        positions = tuple(range(lowest, highest + 1))
    cases: list[Mapping[str, Any]] = []
    for position in positions:
        if transformer is not None:
            own.trafo.loc[transformer, "tap_pos"] = position
        cases.append(_solve(own, name))
    order = _slack_first(cases[0])
    place_of = np.argsort(order)
    numbers = {int(bus): int(place_of[own._pd2ppc_lookups["bus"][bus]]) for bus in own.bus.index}
    names: dict[int, str] = {}
    for bus, number in numbers.items():
        names.setdefault(number, str(own.bus.at[bus, "name"]))
    network = Network(
        name,
        tuple(names[number] for number in range(len(order))),
        (*map(str, own.line["name"]), *map(str, own.trafo["name"])),
        float(cases[0]["baseMVA"]) * _KVA_PER_MVA,
        complex(cases[0]["V"][order[0]]),
        positions,
        tuple(_admittance(case, order) for case in cases),
        *_limits(own, float(cases[0]["baseMVA"])),
    )
    return ReadNetwork(network, numbers)


def _require_readable(net: "pandapowerNet", name: str) -> None:
    off = sum(int((~net[table]["in_service"]).sum()) for table in ("bus", "line", "trafo", "ext_grid"))
    counts = (
        ("connections to the grid above", len(net.ext_grid), 1),
        ("generators that hold a voltage", len(net.gen), 0),
        ("transformers with three windings", len(net.trafo3w), 0),
        ("elements that are switched off", off, 0),
        ("open switches", int((~net.switch["closed"]).sum()), 0),
    )
    wrong = [f"{count} {what}" for what, count, expected in counts if count != expected]
    if wrong:
        raise GridError(
            f"The network {name} has {', '.join(wrong)}.",
            "Import one feeder below one connection, with static generators alone and nothing that is switched off.",
        )


def _tap_changer(net: "pandapowerNet", name: str) -> Any:
    movable = net.trafo.index[net.trafo["tap_max"] > net.trafo["tap_min"]]
    if len(movable) > 1:
        raise GridError(f"The network {name} has {len(movable)} tap changers.", "Import a feeder with one at most.")
    return movable[0] if len(movable) else None


def _solve(net: "pandapowerNet", name: str) -> Mapping[str, Any]:
    """What pandapower makes of the net, after a power flow."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of options that these nets do not use
        import pandapower

        try:
            pandapower.runpp(net, numba=False)
        except pandapower.LoadflowNotConverged as error:
            raise GridError(
                f"The power flow of the network {name} does not converge as it is imported.",
                "Check the units of its loads and the parameters of its lines and transformers.",
            ) from error
    return dict(net._ppc["internal"])


def _slack_first(case: Mapping[str, Any]) -> np.ndarray:
    """The case's buses in the order of the network, `[n]`."""
    (slack,) = case["ref"]
    return np.concatenate([[slack], np.delete(np.arange(len(case["bus"])), slack)])


def _admittance(case: Mapping[str, Any], order: np.ndarray) -> TapAdmittance:
    buses, ends = case["Ybus"].toarray(), (case[name].toarray()[:, order] for name in ("Yf", "Yt"))
    return TapAdmittance(buses[np.ix_(order, order)], *ends)


def _limits(net: "pandapowerNet", base_mva: float) -> tuple[np.ndarray, np.ndarray]:
    """`[B]` currents at which branches are loaded to 100 %, per unit of each end, as pandapower defines loading."""
    line, transformer = net.line, net.trafo
    line_ka = (line["max_i_ka"] * line["df"] * line["parallel"]).to_numpy()
    line_pu = line_ka * _ROOT_3 * net.bus.loc[line["from_bus"], "vn_kv"].to_numpy() / base_mva
    rated = (transformer["sn_mva"] * transformer["df"] * transformer["parallel"]).to_numpy() / base_mva
    ends = (
        rated * net.bus.loc[transformer[f"{side}_bus"], "vn_kv"].to_numpy() / transformer[f"vn_{side}_kv"].to_numpy()
        for side in ("hv", "lv")
    )
    from_pu, to_pu = (np.concatenate([line_pu, end]) for end in ends)
    return from_pu, to_pu
