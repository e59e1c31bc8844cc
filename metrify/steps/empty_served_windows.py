"""Empties the windows that are served of meters that are not accepted any more."""

import numpy as np
import pandas as pd

from metrify.adapters.feature_store import OnlineWindowReader, push_windows
from metrify.config import Home


def empty_served_windows(meter_ids: np.ndarray, length: int, data_version: int, home: Home) -> int:
    """Takes the readings out of the windows of meters that are not accepted any more, so that none is served.

    Args:
        meter_ids: `[M]`.
        length: Intervals of a window.
        data_version: Of the dataset that does not accept them.
        home: Where the store lies.

    Returns:
        How many of the windows had a reading.

    Raises:
        FeatureStoreError: The online store does not answer.
    """
    stored = OnlineWindowReader(home).read(meter_ids.tolist())
    rows = np.flatnonzero(np.isfinite(stored.windows).any(axis=1))
    if len(rows):
        nothing = np.full((len(rows), length), np.nan, np.float32)
        ends = pd.DatetimeIndex(stored.ends[rows], tz="UTC")
        push_windows(home, meter_ids[rows], ends, nothing, data_versions=data_version)
    return len(rows)
