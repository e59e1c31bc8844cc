"""What became of a meter's readings before a forecast saw them: used, kept in quarantine, or filled in."""

from pathlib import Path

import numpy as np
import pandas as pd

from metrify.adapters.materialised_readings import MaterialisedReadings, is_materialised, read_materialised
from metrify.config import Home, MetrifyConfig
from metrify.readings.dataset import Dataset, read_info
from metrify.readings.quality.judge import examine_readings, judge_readings
from metrify.readings.quality.releases import read_releases

USED, MISSING, IMPUTED, QUARANTINED = "used", "missing", "imputed", "quarantined"


def trace_states(
    readings: pd.DataFrame, stamps: pd.DatetimeIndex, folder: Path, data_version: int, home: Home
) -> list[str]:
    """Judges the readings of one meter as the feature store judged them.

    The store's configuration decides, where it was filled with this dataset, and the default one otherwise. Releases
    count whenever they were made. Which gaps were imputed is known for the data version that the store holds now.

    Args:
        readings: All of the meter's readings at a data version: `meter_id`, `timestamp` (UTC) and `kwh`.
        stamps: `[T]` starts of the intervals to tell of, UTC.
        folder: Dataset folder.
        data_version: What the readings are of.
        home: Where the feature store lies.

    Returns:
        `[T]`: `used`, `missing`, `imputed`, or `quarantined` with a colon and its reason.
    """
    store = _store_of(folder.name, home)
    config = store.config if store else MetrifyConfig()
    kept_out = _quarantine(readings, folder, config)
    known = stamps.isin(readings["timestamp"])
    states = [USED if is_known else MISSING for is_known in known]
    for stamp, reason in kept_out.items():
        if stamp in stamps:
            states[stamps.get_loc(stamp)] = f"{QUARANTINED}: {reason}"
    if store and store.data_version == data_version:
        for place in np.flatnonzero(stamps.isin(_imputed(store, readings["meter_id"].iloc[0]))):
            states[place] = IMPUTED
    return states


def _store_of(dataset: str, home: Home) -> MaterialisedReadings | None:
    store = read_materialised(home) if is_materialised(home) else None
    return store if store and store.dataset == dataset else None


def _quarantine(readings: pd.DataFrame, folder: Path, config: MetrifyConfig) -> pd.Series:
    """Reasons by time stamp."""
    meters = pd.DataFrame({"meter_id": readings["meter_id"].unique()})
    dataset = Dataset(read_info(folder), readings[["meter_id", "timestamp", "kwh"]], meters)
    examined = examine_readings(dataset, pd.Timestamp.now("UTC"), config.quality)
    found = judge_readings(examined, read_releases(folder), config.quality).quarantine
    return found[~found["released"]].set_index("timestamp")["reason"]


def _imputed(store: MaterialisedReadings, meter_id: str) -> pd.DatetimeIndex:
    return store.matrix.timestamps[store.imputed[store.matrix.meter_ids == meter_id].any(axis=0)]
