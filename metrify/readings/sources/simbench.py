"""The loads of three SimBench low-voltage grids as meters: real input that needs nothing but PyPI.

SimBench (Meinecke et al. 2020, doi 10.3390/en13123290) publishes benchmark grids with a full year of 15-minute
profiles. Its stamps are German standard time without daylight saving: 35,136 steps in the leap year 2016.
"""

import warnings

import numpy as np
import pandas as pd

from metrify.readings.dataset import Dataset, DatasetInfo
from metrify.units import kwh_factor

SIMBENCH_NAME = "simbench"
GRIDS = ("1-LV-rural1--2-sw", "1-LV-semiurb4--2-sw", "1-LV-urban6--0-sw")

_PROFILE_MINUTES = 15
_RESOLUTION_MINUTES = 60
_FIRST_STAMP = pd.Timestamp("2016-01-01 00:00", tz="Etc/GMT-1")  # UTC+1 the whole year


def read_simbench_loads() -> Dataset:
    """Hourly consumption of all loads of `GRIDS` in 2016.

    A load's profile is its group: loads that share a profile are scaled copies of it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandapower warns of options that these grids do not use
        import simbench

        frames, meters = [], []
        for grid in GRIDS:
            net = simbench.get_simbench_net(grid)
            load_kw = 1000 * simbench.get_absolute_values(net, profiles_instead_of_study_cases=True)[("load", "p_mw")]
            numbers = [f"{grid}/{name}" for name in net.load["name"]]
            frames.append(_hourly_readings(load_kw.to_numpy(), numbers))
            meters.append(pd.DataFrame({"meter_id": numbers, "group": net.load["profile"].to_list(), "district": grid}))
    info = DatasetInfo(
        name=SIMBENCH_NAME,
        resolution_minutes=_RESOLUTION_MINUTES,
        timezone="Europe/Berlin",
        country="DE",
        licence="ODbL 1.0",
        citation="Meinecke et al. 2020, SimBench, doi 10.3390/en13123290",
    )
    return Dataset(info, pd.concat(frames, ignore_index=True), pd.concat(meters, ignore_index=True))


def _hourly_readings(load_kw: np.ndarray, numbers: list[str]) -> pd.DataFrame:
    steps = _RESOLUTION_MINUTES // _PROFILE_MINUTES
    hourly_kwh = load_kw.reshape(-1, steps, len(numbers)).sum(axis=1) * kwh_factor("kW", _PROFILE_MINUTES)
    stamps = pd.date_range(_FIRST_STAMP, periods=len(hourly_kwh), freq="h").tz_convert("UTC").as_unit("us")
    return pd.DataFrame(
        {
            "meter_id": np.repeat(np.array(numbers, dtype=object), len(stamps)),
            "timestamp": pd.DatetimeIndex(np.tile(stamps.tz_localize(None).to_numpy(), len(numbers)), tz="UTC"),
            "kwh": hourly_kwh.T.ravel().astype(np.float32),
        }
    )
