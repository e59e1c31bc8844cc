"""Networks of pandapower, SimBench's among them, as matrices.

Thurner and others 2018, pandapower, doi 10.1109/TPWRS.2018.2829021.
"""

import copy
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from metrify.errors import GridError
from metrify.grid.network import Network, TapAdmittance

if TYPE_CHECKING:
    from pandapower import pandapowerNet

_KVA_PER_MVA = 1000.0
_ROOT_3 = np.sqrt(3.0)
_NO_CONSTANT_POWER = (
    "asymmetric_load",
    "asymmetric_sgen",
    "dcline",
    "impedance",
    "motor",
    "shunt",
    "ssc",
    "svc",
    "tcsc",
    "vsc",
    "ward",
    "xward",
)


@dataclass(frozen=True)
class ReadNetwork:
    """A network, and where elements of the net are in it.

    Attributes:
        network: The matrices.
        bus_numbers: Of the net's buses, by their index; several that closed switches join have the same, and those that
            nothing supplies have none.
    """

    network: Network
    bus_numbers: Mapping[int, int]


def read_network(net: "pandapowerNet", name: str) -> ReadNetwork:
    """Reads a network with one slack bus and at most one tap changer, whose every position has matrices of its own.

    Lines and transformers that are out of service, or switched off at both ends, are left out, and so are buses that
    nothing supplies. A line that is open at one end stays, since it is still charged.

    Args:
        net: Of pandapower; it is not changed.
        name: Of the feeder.

    Raises:
        GridError: It has several slack buses or tap changers, generators that hold a voltage, or elements that are no
            constant powers; or it can't be solved.
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
    lookup = own._pd2ppc_lookups["bus"]
    numbers = {int(bus): int(place_of[lookup[bus]]) for bus in own.bus.index if 0 <= lookup[bus] < len(order)}
    names: dict[int, str] = {}
    for bus, number in numbers.items():
        names.setdefault(number, name_of(own.bus, bus))
    base_mva, branches = float(cases[0]["baseMVA"]), _branches(own, cases[0], name)
    network = Network(
        name,
        tuple(names.get(number, f"open end {number}") for number in range(len(order))),
        tuple(branches.index),
        base_mva * _KVA_PER_MVA,
        complex(cases[0]["V"][order[0]]),
        positions,
        tuple(_admittance(case, order) for case in cases),
        branches["from"].to_numpy(),
        branches["to"].to_numpy(),
    )
    return ReadNetwork(network, numbers)


def name_of(table: pd.DataFrame, index: Any) -> str:
    """The name of an element; its index where it has none."""
    name = table.at[index, "name"] if "name" in table else None
    return str(index) if name is None or name != name or name == "" else str(name)


def _require_readable(net: "pandapowerNet", name: str) -> None:
    counts = (
        ("connections to the grid above", _in_service(net, "ext_grid"), 1),
        ("generators that hold a voltage", _in_service(net, "gen"), 0),
        ("transformers with three windings", _in_service(net, "trafo3w"), 0),
        *((f"elements of the kind {table}", _in_service(net, table), 0) for table in _NO_CONSTANT_POWER),
        ("loads that depend on the voltage", _voltage_dependent_loads(net), 0),
    )
    wrong = [f"{count} {what}" for what, count, expected in counts if count != expected]
    if wrong:
        raise GridError(
            f"The network {name} has {', '.join(wrong)}.",
            "Import one feeder below one connection, with loads, static generators and storages of constant power.",
        )


def _in_service(net: "pandapowerNet", table: str) -> int:
    elements = net[table] if table in net else pd.DataFrame()
    return int(elements["in_service"].astype(bool).sum()) if "in_service" in elements else len(elements)


def _voltage_dependent_loads(net: "pandapowerNet") -> int:
    shares = [column for column in net.load if str(column).startswith("const_")]
    return int((net.load.loc[net.load["in_service"].astype(bool), shares].fillna(0) != 0).any(axis=1).sum())


def _tap_changer(net: "pandapowerNet", name: str) -> Any:
    is_movable = (net.trafo["tap_max"] > net.trafo["tap_min"]) & net.trafo["in_service"].astype(bool)
    movable = net.trafo.index[is_movable]
    if len(movable) > 1:
        raise GridError(
            f"The network {name} has {len(movable)} tap changers.",
            "Set `tap_min` and `tap_max` of all transformers but one to their `tap_pos`.",
        )
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
        except (UserWarning, ValueError, KeyError, ArithmeticError) as error:  # of parameters that are not possible
            raise GridError(
                f"pandapower can't solve the network {name}: {error}.",
                "Check the parameters of its lines and transformers with `pandapower.diagnostic`.",
            ) from error
    return dict(net._ppc["internal"])


def _slack_first(case: Mapping[str, Any]) -> np.ndarray:
    """The case's buses in the order of the network, `[n]`."""
    (slack,) = case["ref"]
    return np.concatenate([[slack], np.delete(np.arange(len(case["bus"])), slack)])


def _admittance(case: Mapping[str, Any], order: np.ndarray) -> TapAdmittance:
    buses, ends = case["Ybus"].toarray(), (case[name].toarray()[:, order] for name in ("Yf", "Yt"))
    return TapAdmittance(buses[np.ix_(order, order)], *ends)


def _branches(net: "pandapowerNet", case: Mapping[str, Any], name: str) -> pd.DataFrame:
    """`from` and `to` of each branch of the case, by its name: current at which it is loaded to 100 %, per unit.

    As pandapower defines loading.
    """
    base_mva = float(case["baseMVA"])
    line, transformer = net.line, net.trafo
    line_ka = (line["max_i_ka"] * line["df"] * line["parallel"]).to_numpy(float)
    line_pu = line_ka * _ROOT_3 * net.bus.loc[line["from_bus"], "vn_kv"].to_numpy() / base_mva
    rated = (transformer["sn_mva"] * transformer["df"] * transformer["parallel"]).to_numpy(float) / base_mva
    ends = (
        rated * net.bus.loc[transformer[f"{side}_bus"], "vn_kv"].to_numpy() / transformer[f"vn_{side}_kv"].to_numpy()
        for side in ("hv", "lv")
    )
    from_pu, to_pu = (np.concatenate([line_pu, end]) for end in ends)
    names = [name_of(table, index) for table in (line, transformer) for index in table.index]
    is_kept = np.asarray(case["branch_is"], bool)
    if len(is_kept) != len(names):
        raise GridError(
            f"The network {name} has {len(is_kept) - len(names)} branches that are neither lines nor transformers.",
            "Give switches between buses no impedance (`z_ohm` 0).",
        )
    branches = pd.DataFrame({"from": from_pu, "to": to_pu}, names)[is_kept]
    limits = branches.to_numpy()
    unlimited = branches.index[~(np.isfinite(limits) & (limits > 0)).all(axis=1)]
    if len(unlimited):
        raise GridError(
            f"{len(unlimited)} branches of the network {name} have no limit, {unlimited[0]} among them.",
            "Give each line a `max_i_ka` and each transformer an `sn_mva` above 0.",
        )
    return branches
