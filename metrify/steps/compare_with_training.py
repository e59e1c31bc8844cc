"""Compares the windows that a server reads with those that training reads of the same meters and times."""

import numpy as np
import pandas as pd

from metrify.adapters.feature_store import read_windows_ending
from metrify.adapters.materialised_readings import MaterialisedReadings
from metrify.adapters.meter_windows import align_windows
from metrify.config import Home
from metrify.steps.materialise_features import window_origins

_SAME_KWH = 1e-6


def differing_readings(
    meters: np.ndarray, ends: np.ndarray, windows: np.ndarray, materialised: MaterialisedReadings, home: Home
) -> tuple[np.ndarray, np.ndarray]:
    """How many readings of each online window are other ones, or missing, or there alone, in the offline window.

    A window that was pushed since ends later than any that training reads. It is compared with the newest offline
    window that ends before it, over the intervals that both have; what came later is not skew, but news.

    Args:
        meters: `[N]` pseudonyms.
        ends: `[N]` datetime64[s] UTC, ends of the windows.
        windows: `[N, L]` float32 kWh, as the online store holds them.
        materialised: What the offline windows were cut from.
        home: Where the store lies.

    Returns:
        `[N]` how many readings differ by more than 1e-6 kWh, and `[N]` whether there was something to compare with.
    """
    length, step = windows.shape[1], np.timedelta64(materialised.matrix.resolution_minutes, "m")
    origins = window_origins(materialised.matrix, length, materialised.timezone)
    known = origins.tz_localize(None).to_numpy().astype("datetime64[s]")
    before = np.searchsorted(known, ends, side="right") - 1
    wanted = known[before.clip(0)]
    offline_meters, offline_ends, offline_windows = read_windows_ending(home, wanted)
    place = pd.MultiIndex.from_arrays([offline_meters, offline_ends])
    row = place.get_indexer(pd.MultiIndex.from_arrays([meters, wanted]))
    training = align_windows(offline_windows)
    later = np.where(before >= 0, (ends - wanted) // step, length)
    compared = (row >= 0) & (later < length)
    differing = np.zeros(len(meters), np.int64)
    for shift in np.unique(later[compared]):
        rows = np.flatnonzero(compared & (later == shift))
        online, offline = windows[rows, : length - shift], training[row[rows], shift:]
        same = (np.abs(online - offline) <= _SAME_KWH) | (np.isnan(online) & np.isnan(offline))
        differing[rows] = (~same).sum(axis=1)
    return differing, compared
