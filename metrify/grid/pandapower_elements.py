"""Loads, static generators and storages of a pandapower net as elements of a feeder."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from metrify.errors import GridError
from metrify.grid.feeder import Batteries
from metrify.grid.pandapower_network import name_of

if TYPE_CHECKING:
    from pandapower import pandapowerNet

KW_PER_MW = 1000.0
DEFAULT_EFFICIENCY = 0.95  # of storages whose efficiency nobody states
_PERCENT = 100.0


def elements_in_service(net: "pandapowerNet", table: str) -> pd.DataFrame:
    """The elements of one kind that are in service.

    Args:
        net: Of pandapower.
        table: load, sgen or storage.
    """
    return net[table][net[table]["in_service"].astype(bool)]


def element_names(elements: pd.DataFrame, what: str) -> tuple[str, ...]:
    """Names of elements; the index where one has none.

    Raises:
        GridError: A name occurs twice.
    """
    names = tuple(name_of(elements, index) for index in elements.index)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise GridError(
            f"{len(twice)} names of {what} occur twice, {twice[0]!r} among them.", "Give each of them its own name."
        )
    return names


def buses_of(elements: pd.DataFrame, bus_numbers: Mapping[int, int], what: str) -> np.ndarray:
    """Numbers of the buses of elements, `[n]`.

    Raises:
        GridError: Nothing supplies one of the buses.
    """
    dead = [name_of(elements, index) for index, bus in elements["bus"].items() if bus not in bus_numbers]
    if dead:
        raise GridError(
            f"{len(dead)} {what} are at a bus that nothing supplies, {dead[0]!r} among them.",
            "Close the switch that cuts them off, or take them out of service.",
        )
    return np.array([bus_numbers[bus] for bus in elements["bus"]], int)


def batteries_of(net: "pandapowerNet", bus_numbers: Mapping[int, int]) -> Batteries:
    """The storages of a net; none where it has none.

    The power is `sn_mva`, or else the higher of `max_p_mw` and `-min_p_mw`. The efficiency, of charging and of
    discharging, is `efficiency_percent`: up to 1 it is a share, as in SimBench's nets, and above it percent.

    Args:
        net: Of pandapower.
        bus_numbers: Numbers of buses by their index in the net.

    Raises:
        GridError: A storage has no power or capacity, an efficiency that is not possible, or a name that occurs twice.
    """
    storages = elements_in_service(net, "storage")
    names = element_names(storages, "storages")
    power, least = _column(storages, "sn_mva"), _column(storages, "min_e_mwh")
    extremes = np.fmax(_column(storages, "max_p_mw"), -_column(storages, "min_p_mw"))
    power_kw = np.where(power > 0, power, extremes) * KW_PER_MW
    capacity_kwh = (_column(storages, "max_e_mwh") - np.where(np.isnan(least), 0, least)) * KW_PER_MW
    for values, column in ((power_kw, "sn_mva"), (capacity_kwh, "max_e_mwh")):
        wrong = np.flatnonzero(~(values > 0) | ~np.isfinite(values))
        if len(wrong):
            raise GridError(f"The storage {names[wrong[0]]} has no {column} above 0.", "State its power and capacity.")
    return Batteries(
        names, buses_of(storages, bus_numbers, "storages"), power_kw, capacity_kwh, _efficiency(storages, names)
    )


def _efficiency(storages: pd.DataFrame, names: tuple[str, ...]) -> np.ndarray:
    told = _column(storages, "efficiency_percent")
    share = np.where(np.isnan(told), DEFAULT_EFFICIENCY, np.where(told <= 1, told, told / _PERCENT))
    wrong = np.flatnonzero((share <= 0) | (share > 1))
    if len(wrong):
        raise GridError(
            f"The storage {names[wrong[0]]} has an efficiency_percent of {told[wrong[0]]:g}.",
            "Give a share above 0 up to 1, or percent above 1 up to 100.",
        )
    return share


def _column(elements: pd.DataFrame, name: str) -> np.ndarray:
    """`[n]` of a column; NaN where there is none."""
    if name not in elements:
        return np.full(len(elements), np.nan)
    return pd.to_numeric(elements[name], errors="coerce").to_numpy(float, na_value=np.nan)
