"""What the online store serves."""

import numpy as np

from metrify.adapters.feature_store import OnlineWindowReader
from metrify.config import Home


def served_windows(home: Home, meters: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """The newest windows of meters, `[N, L]`, and their ends, `[N]`."""
    found = OnlineWindowReader(home).read(meters)
    return found.windows, found.ends
