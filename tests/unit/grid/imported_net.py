"""Files of a net that can be imported: CIGRE's low-voltage network with sun, a storage and a week of profiles."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

DAYS, ZONE = 8, "Europe/Berlin"
START = "2023-03-20T23:00Z"


def make_net() -> Any:
    """The network with two inverters, a storage in percent, a shiftable load, and a load that is out of service."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pandapower.networks

        net = pandapower.networks.create_cigre_network_lv()
        for number, bus in enumerate((18, 15)):
            pandapower.create_sgen(net, bus, p_mw=0.02, sn_mva=0.03, name=f"PV {number}")
        pandapower.create_storage(net, 18, p_mw=0.0, max_e_mwh=0.05, sn_mva=0.02, name="Battery")
    net.storage["efficiency_percent"] = 92.0
    net.load["shiftable_kw"] = np.where(net.load["name"] == "Load R11", 20.0, np.nan)
    net.load.loc[net.load["name"] == "Load I2", "in_service"] = False
    return net


def make_profiles(net: Any, minutes: int = 15) -> pd.DataFrame:
    """Loads that go up and down with the hour, sun at noon, and reactive power of one load."""
    stamps = pd.date_range(START, periods=DAYS * 24 * 60 // minutes, freq=f"{minutes}min")
    hour = np.asarray(stamps.tz_convert(ZONE).hour)
    loads = net.load[net.load["in_service"]]
    columns = {
        f"load/{name}/kw": 300 * mw * (1 + np.sin(hour / 4)) for name, mw in loads.set_index("name")["p_mw"].items()
    }
    columns |= {f"sgen/{name}/kw": np.maximum(0, 25 * np.sin((hour - 6) / 12 * np.pi)) for name in net.sgen["name"]}
    columns["load/Load R1/kvar"] = np.full(len(stamps), 3.0)
    return pd.DataFrame({"timestamp": stamps, **columns})


def write_net(folder: Path, net: Any) -> Path:
    """Writes the JSON of a net."""
    import pandapower

    pandapower.to_json(net, str(folder / "net.json"))
    return folder / "net.json"
