"""Where the transformer finds each meter's recent window."""

from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd

from metrify.config import Home
from metrify.errors import FeatureStoreError, UsageError

_PARQUET = "parquet:"


class WindowReader(Protocol):
    """Reads windows from the online store."""

    def read(self, meter_ids: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """Windows and where they end.

        Args:
            meter_ids: `[N]` pseudonyms.

        Returns:
            `[N, L]` float32 kWh, oldest first, NaN where a reading is missing; `[N]` datetime64[s] UTC, NaT for an
            unknown meter.
        """


class ParquetWindowReader:
    """Reads windows from a Parquet file with the columns meter_id, window_end and load_window; good for a laptop.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        try:
            frame = pd.read_parquet(path, columns=["meter_id", "window_end", "load_window"])
        except (OSError, ValueError) as error:
            raise FeatureStoreError(f"The windows {path} can't be read.", "Check the path and its columns.") from error
        ends = pd.to_datetime(frame["window_end"], utc=True).dt.tz_localize(None).to_numpy().astype("datetime64[s]")
        self._length = max(map(len, frame["load_window"]), default=0)
        self._rows = dict(zip(frame["meter_id"], zip(ends, frame["load_window"], strict=True), strict=True))

    def read(self, meter_ids: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """See `WindowReader`; a short window is filled up with NaN at its start."""
        windows = np.full((len(meter_ids), self._length), np.nan, np.float32)
        ends = np.full(len(meter_ids), np.datetime64("NaT"), "datetime64[s]")
        for row, meter_id in enumerate(meter_ids):
            if meter_id in self._rows:
                ends[row], window = self._rows[meter_id]
                windows[row, self._length - len(window) :] = window
        return windows, ends


def open_reader(specification: str) -> WindowReader:
    """The reader that `--feature_reader` names: `feast` or `parquet:PATH`.

    Raises:
        UsageError: It names no reader.
    """
    if specification.startswith(_PARQUET):
        return ParquetWindowReader(Path(specification.removeprefix(_PARQUET)))
    if specification == "feast":
        from metrify.adapters.feature_store import OnlineWindowReader

        return OnlineWindowReader(Home.from_environment())
    raise UsageError(f"There is no feature reader {specification}.", "Use feast or parquet:PATH.")
