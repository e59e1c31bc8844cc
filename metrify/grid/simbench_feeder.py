"""SimBench's low-voltage grids as feeders, with a year of profiles by the quarter of an hour.

Meinecke and others 2020, SimBench, doi 10.3390/en13123290. Stamps are German standard time without daylight saving.
"""

import warnings
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from metrify.errors import GridError
from metrify.grid.feeder import Batteries, Feeder, Profiles
from metrify.grid.pandapower_elements import (
    DEFAULT_EFFICIENCY,
    KW_PER_MW,
    batteries_of,
    buses_of,
    element_names,
)
from metrify.grid.pandapower_network import read_network
from metrify.readings.sources.simbench import GRIDS

if TYPE_CHECKING:
    import pandas as pd
    from pandapower import pandapowerNet

TIMEZONE = "Europe/Berlin"
_MINUTES = 15
_START = np.datetime64("2015-12-31T23:00", "s")  # 1 January 2016, 0 h German standard time
_SHIFTABLE = ("HLS_", "APLS_", "Soil_", "Air_")  # charging at home and at work, and heat pumps
_SPARE_KWH, _SPARE_KW = 100.0, 50.0  # at the transformer of a grid that has no storage


@lru_cache(maxsize=4)
def read_simbench_feeder(grid: str) -> tuple[Feeder, Profiles]:
    """A grid with its own loads, inverters and storages, and what they do in 2016.

    A grid without a storage is given one at the transformer's low-voltage bus: 100 kWh, 50 kW.

    Args:
        grid: One of `GRIDS`.

    Raises:
        GridError: There is no such grid.
    """
    if grid not in GRIDS:
        raise GridError(f"There is no grid {grid}.", f"Choose one of {', '.join(GRIDS)}.")
    net, values = read_simbench_net(grid)
    read = read_network(net, grid)
    load_kw, load_kvar, pv_kw = (
        values[key].to_numpy() * KW_PER_MW for key in (("load", "p_mw"), ("load", "q_mvar"), ("sgen", "p_mw"))
    )
    feeder = Feeder(
        read.network,
        element_names(net.load, "loads"),
        buses_of(net.load, read.bus_numbers, "loads"),
        np.where(net.load["profile"].str.startswith(_SHIFTABLE), load_kw.max(axis=0), 0.0),
        element_names(net.sgen, "static generators"),
        buses_of(net.sgen, read.bus_numbers, "static generators"),
        net.sgen["sn_mva"].to_numpy() * KW_PER_MW,
        batteries_of(net, read.bus_numbers) if len(net.storage) else _spare(net, read.bus_numbers),
    )
    return feeder, Profiles(_START, _MINUTES, load_kw, load_kvar, pv_kw)


def read_simbench_net(grid: str) -> "tuple[pandapowerNet, dict[tuple[str, str], pd.DataFrame]]":
    """Pandapower's net of one of `GRIDS`, and its profiles in MW and Mvar by table and column."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandapower warns of options that these grids do not use
        import simbench

        net = simbench.get_simbench_net(grid)
        values = simbench.get_absolute_values(net, profiles_instead_of_study_cases=True)
    has_steps = net.trafo["tap_step_percent"].notna()
    net.trafo.loc[has_steps, "tap_changer_type"] = "Ratio"  # without it pandapower 3 takes all positions to be alike
    return net, values


def _spare(net: "pandapowerNet", bus_numbers: Mapping[int, int]) -> Batteries:
    values = (np.array([value]) for value in (_SPARE_KW, _SPARE_KWH, DEFAULT_EFFICIENCY))
    at = np.array([bus_numbers[int(net.trafo["lv_bus"].iloc[0])]])
    return Batteries((f"{net.trafo['name'].iloc[0]} storage",), at, *values)
