"""Loads and inverters of three SimBench low-voltage grids as meters: real input that needs nothing but PyPI.

SimBench (Meinecke et al. 2020, doi 10.3390/en13123290) publishes benchmark grids with a full year of 15-minute
profiles. Its stamps are German standard time without daylight saving: 35,136 steps in the leap year 2016.
"""

import warnings
from collections.abc import Sequence

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
    parts = [_read_elements(grid, ("load",)) for grid in GRIDS]
    readings, meters = (pd.concat(frames, ignore_index=True) for frames in zip(*parts, strict=True))
    return Dataset(_info(SIMBENCH_NAME), readings, meters)


def read_simbench_grid(grid: str) -> Dataset:
    """Hourly energy of all loads and inverters of one of `GRIDS` in 2016; what inverters feed in is positive.

    The loads are called as in `read_simbench_loads`.
    """
    return Dataset(_info(grid), *_read_elements(grid, ("load", "sgen")))


def _read_elements(grid: str, kinds: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Readings and meters of elements of some kinds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandapower warns of options that these grids do not use
        import simbench

        net = simbench.get_simbench_net(grid)
        values = simbench.get_absolute_values(net, profiles_instead_of_study_cases=True)
    frames, meters = [], []
    for kind in kinds:
        numbers = [f"{grid}/{name}" for name in net[kind]["name"]]
        frames.append(_hourly_readings(1000 * values[(kind, "p_mw")].to_numpy(), numbers))
        meters.append(pd.DataFrame({"meter_id": numbers, "group": net[kind]["profile"].to_list(), "district": grid}))
    return pd.concat(frames, ignore_index=True), pd.concat(meters, ignore_index=True)


def _info(name: str) -> DatasetInfo:
    return DatasetInfo(
        name=name,
        resolution_minutes=_RESOLUTION_MINUTES,
        timezone="Europe/Berlin",
        country="DE",
        licence="ODbL 1.0",
        citation="Meinecke et al. 2020, SimBench, doi 10.3390/en13123290",
    )


def _hourly_readings(power_kw: np.ndarray, numbers: list[str]) -> pd.DataFrame:
    steps = _RESOLUTION_MINUTES // _PROFILE_MINUTES
    hourly_kwh = power_kw.reshape(-1, steps, len(numbers)).sum(axis=1) * kwh_factor("kW", _PROFILE_MINUTES)
    stamps = pd.date_range(_FIRST_STAMP, periods=len(hourly_kwh), freq="h").tz_convert("UTC").as_unit("us")
    return pd.DataFrame(
        {
            "meter_id": np.repeat(np.array(numbers, dtype=object), len(stamps)),
            "timestamp": pd.DatetimeIndex(np.tile(stamps.tz_localize(None).to_numpy(), len(numbers)), tz="UTC"),
            "kwh": hourly_kwh.T.ravel().astype(np.float32),
        }
    )
