"""A feeder's loads and inverters as a dataset of hourly meters, on which a forecaster can be trained."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from metrify.grid.feeder_files import StoredFeeder
from metrify.grid.forecasts.element_hours import element_hours
from metrify.readings.dataset import Dataset, DatasetInfo
from metrify.units import MINUTES_PER_HOUR


def feeder_dataset(
    stored: StoredFeeder, groups: Mapping[str, str], country: str, licence: str, citation: str
) -> Dataset:
    """Readings of all elements, each a meter `<feeder>/<element>`; what inverters feed in is positive.

    Args:
        stored: The feeder with its profiles.
        groups: Profile that an element follows, by its name; an element without one is a group of its own.
        country: ISO 3166 code whose public holidays count.
        licence: Under what terms the profiles may be used.
        citation: How to cite them.

    Raises:
        GridError: The profiles don't begin with an hour, or an hour is no whole number of steps.
    """
    name, hours = stored.feeder.network.name, element_hours(stored.feeder, stored.profiles)
    meters, count = np.array([f"{name}/{element}" for element in hours.names], dtype=object), hours.kwh.shape[1]
    stamps = pd.date_range(pd.Timestamp(hours.start, tz="UTC"), periods=count, freq="h").as_unit("us")
    readings = pd.DataFrame(
        {
            "meter_id": np.repeat(meters, count),
            "timestamp": pd.DatetimeIndex(np.tile(stamps.tz_localize(None).to_numpy(), len(meters)), tz="UTC"),
            "kwh": hours.kwh.ravel(),
        }
    )
    table = pd.DataFrame(
        {
            "meter_id": meters,
            "group": [groups.get(element, meter) for element, meter in zip(hours.names, meters, strict=True)],
            "district": name,
            "feeder_id": name,
            "kind": ["load"] * hours.loads + ["inverter"] * (len(meters) - hours.loads),
        }
    )
    info = DatasetInfo(name, MINUTES_PER_HOUR, stored.timezone, country, licence, citation)
    return Dataset(info, readings, table)
