"""Stores windows of meters that were computed elsewhere."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from metrify.adapters.feature_store import push_windows
from metrify.config import Home
from metrify.errors import UsageError
from metrify.privacy.pseudonyms import PSEUDONYM_KEY_FILE, load_or_create_key, pseudonyms_of
from metrify.steps.materialise_features import materialise_features
from metrify.steps.reuse import taking_turns


def store_windows(
    meters: Sequence[str], window_ends: pd.DatetimeIndex, windows: np.ndarray, lookback: int, home: Home
) -> int:
    """Pushes windows to the online store, under the meters' pseudonyms.

    Args:
        meters: `[N]` meter numbers or pseudonyms.
        window_ends: `[N]` ends of the windows, with a time zone.
        windows: `[N, lookback]` kWh per interval, oldest first; NaN where a reading is missing.
        lookback: Intervals of a window.
        home: Where the store and the pseudonym key lie.

    Returns:
        How many were left out, because the store holds newer ones of their meters.

    Raises:
        UsageError: The arrays don't fit.
        FeatureStoreError: No feature was registered yet, or the online store does not answer.
    """
    windows = np.ascontiguousarray(windows, dtype=np.float32)
    shape = (len(meters), lookback)
    if windows.shape != shape or len(window_ends) != len(meters) or np.isinf(windows).any():
        raise UsageError(
            f"{len(meters)} meters have values of shape {list(windows.shape)} and {len(window_ends)} ends.",
            f"Give values of shape {list(shape)} without infinite ones, and one end a meter.",
        )
    if window_ends.tz is None:
        raise UsageError("The window ends have no time zone.", "Localise them, for instance to UTC.")
    pseudonyms = pseudonymise_all(meters, home)
    with taking_turns(home.feature_store, materialise_features.__name__):
        return push_windows(home, pseudonyms, window_ends, windows)


def pseudonymise_all(meters: Sequence[str], home: Home) -> np.ndarray:
    """Pseudonyms of meters, in their order, `[N]`; what already is a pseudonym stays."""
    pseudonyms = pseudonyms_of(meters, load_or_create_key(home.keys / PSEUDONYM_KEY_FILE))
    return np.array([pseudonyms[meter] for meter in meters], dtype=object)
