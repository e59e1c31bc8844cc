"""Makes a feeder of any pandapower net with profiles of its loads and static generators."""

import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

import numpy as np
import pandas as pd

from metrify.errors import GridError
from metrify.grid.feeder import Feeder
from metrify.grid.feeder_files import StoredFeeder
from metrify.grid.network import Network
from metrify.grid.optimize_grid import require_assets
from metrify.grid.pandapower_elements import KW_PER_MW, batteries_of, buses_of, element_names, elements_in_service
from metrify.grid.pandapower_network import name_of, read_network
from metrify.grid.read_profiles import read_profiles

if TYPE_CHECKING:
    from pandapower import pandapowerNet


def import_feeder(net_file: Path, profiles_file: Path, name: str, timezone: str) -> StoredFeeder:
    """Reads a net that `pandapower.to_json` wrote, and the profiles beside it.

    Loads with a value above 0 in a column `shiftable_kw` may put their energy off, and draw at most that much to make
    up for it. Storages become batteries, and static generators inverters.

    Args:
        net_file: JSON of pandapower.
        profiles_file: CSV or Parquet, see `read_profiles`.
        name: Of the feeder.
        timezone: IANA name of the local time.

    Raises:
        GridError: A file can't be read, the network is not one that can be solved here, an element has no profile, or
            nothing can be controlled.
    """
    if timezone not in available_timezones():
        raise GridError(f"Unknown time zone {timezone!r}.", "Use an IANA name such as Europe/Berlin or UTC.")
    net = _read_net(net_file)
    read = read_network(net, name)
    loads, sgens = (elements_in_service(net, table) for table in ("load", "sgen"))
    load_names, pv_names = element_names(loads, "loads"), element_names(sgens, "static generators")
    shared = sorted({*load_names} & {*pv_names})
    if shared:
        raise GridError(
            f"{len(shared)} loads are called like static generators, {shared[0]!r} among them.",
            "Give each of them its own name.",
        )
    profiles = read_profiles(profiles_file, load_names, pv_names, _kvar_per_kw(loads), _idle_columns(net))
    feeder = Feeder(
        _with_moving_taps(read.network),
        load_names,
        buses_of(loads, read.bus_numbers, "loads"),
        _shiftable_kw(loads, load_names, profiles.load_kw),
        pv_names,
        buses_of(sgens, read.bus_numbers, "static generators"),
        _ratings(sgens, pv_names, profiles.pv_kw),
        batteries_of(net, read.bus_numbers),
    )
    require_assets(feeder)
    return StoredFeeder(feeder, profiles, timezone)


def profile_groups(net_file: Path) -> dict[str, str]:
    """The profile that loads and static generators follow, by their names, as far as a column `profile` tells.

    Elements of one profile are scaled copies of it, and forecasters must not be tested on what they were trained on.
    """
    net = _read_net(net_file)
    groups: dict[str, str] = {}
    for table in ("load", "sgen"):
        elements = elements_in_service(net, table)
        if "profile" in elements:
            told = elements["profile"].dropna()
            groups |= {name_of(elements, index): str(profile) for index, profile in told.items()}
    return groups


def _read_net(path: Path) -> "pandapowerNet":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of formats of older versions, which are converted
        import pandapower

        try:
            text = path.read_text(encoding="utf-8")
            if not isinstance(json.loads(text), dict):
                raise ValueError("it is no net")
            net = pandapower.from_json_string(text, convert=True)
        except OSError as error:
            raise GridError(f"The net {path} can't be read: {error.strerror}.", "Check the path.") from error
        except (ValueError, KeyError, TypeError, AttributeError, UserWarning) as error:
            raise GridError(
                f"The net {path.name} is no JSON of pandapower: {error}.", "Write it with `pandapower.to_json`."
            ) from error
    if not isinstance(net, pandapower.pandapowerNet):
        raise GridError(f"The net {path.name} is no JSON of pandapower.", "Write it with `pandapower.to_json`.")
    return net


def _with_moving_taps(network: Network) -> Network:
    """The network with one position where moving the tap changer does nothing, as pandapower says of some types."""
    first = network.admittances[0]
    if all(np.array_equal(tap.buses, first.buses) for tap in network.admittances):
        return replace(network, taps=(0,), admittances=(first,))
    return network


def _kvar_per_kw(loads: pd.DataFrame) -> np.ndarray:
    """`[L]` as the net has it; 0 where it has no power."""
    kw = loads["p_mw"].to_numpy(float)
    return np.divide(loads["q_mvar"].to_numpy(float), kw, out=np.zeros(len(loads)), where=kw > 0)


def _idle_columns(net: "pandapowerNet") -> list[str]:
    """Columns of profiles that elements out of service may have."""
    columns = []
    for table in ("load", "sgen"):
        off = net[table][~net[table]["in_service"].astype(bool)]
        columns += [f"{table}/{name_of(off, index)}/{unit}" for index in off.index for unit in ("kw", "kvar")]
    return columns


def _shiftable_kw(loads: pd.DataFrame, names: tuple[str, ...], load_kw: np.ndarray) -> np.ndarray:
    if "shiftable_kw" not in loads:
        return np.zeros(len(loads))
    most = pd.to_numeric(loads["shiftable_kw"], errors="coerce").fillna(0).to_numpy(float)
    wrong = np.flatnonzero((most < 0) | ((most > 0) & (load_kw < 0).any(axis=0)))
    if len(wrong):
        raise GridError(
            f"The load {names[wrong[0]]} can't be shifted: `shiftable_kw` or its profile is below 0.",
            "Give the most that it can draw, and a profile of what it draws.",
        )
    return np.where(most > 0, np.maximum(most, load_kw.max(axis=0, initial=0)), 0.0)


def _ratings(sgens: pd.DataFrame, names: tuple[str, ...], pv_kw: np.ndarray) -> np.ndarray:
    """`[P]` kVA: `sn_mva`, or else the most that is fed in."""
    told = sgens["sn_mva"].to_numpy(float) * KW_PER_MW
    ratings = np.where(told > 0, told, pv_kw.max(axis=0, initial=0))
    wrong = np.flatnonzero(ratings <= 0)
    if len(wrong):
        raise GridError(
            f"The static generator {names[wrong[0]]} has no `sn_mva`, and never feeds in.",
            "State its rating, or take it out of service.",
        )
    return ratings
