"""Windows of meters as readers return them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class MeterWindows:
    """Windows of meters.

    Attributes:
        windows: `[N, L]` float32 kWh, oldest first and aligned at their end; NaN where a reading is missing.
        ends: `[N]` datetime64[s] UTC; NaT for an unknown meter, and where the store could not be asked.
        data_versions: `[N]` int64, the import of the dataset that each window's readings are of; 0 for readings that
            were pushed, or of a dataset that was not imported.
        unavailable: `[N]` whether the store could not be asked.
        reason: Why; empty where it could for all.
        stations: `[N]` weather station of each meter, None where it is not known; none at all where nobody asked.
        static: `[N]` what else is known of each meter, by column; None where that is nothing, and none at all likewise.
    """

    windows: np.ndarray
    ends: np.ndarray
    data_versions: np.ndarray
    unavailable: np.ndarray
    reason: str = ""
    stations: tuple[str | None, ...] = ()
    static: tuple[Mapping[str, str] | None, ...] = ()


def align_windows(windows: Sequence[Sequence[float] | np.ndarray | None]) -> np.ndarray:
    """Windows of different lengths as `[N, L]` float32, aligned at their end; NaN where there is nothing."""
    lengths = [0 if window is None else len(window) for window in windows]
    aligned = np.full((len(windows), max(lengths, default=0)), np.nan, np.float32)
    for row, window, length in zip(aligned, windows, lengths, strict=True):
        if length:
            row[-length:] = window
    return aligned
