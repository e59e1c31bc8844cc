"""Notes which forecasts saw other readings than there are now, and whose outcomes are others now."""

import numpy as np
import pandas as pd

from metrify.config import Home

TOUCHED_FILE = "touched.parquet"


def touched_spans(
    meter_ids: np.ndarray, origins: pd.DatetimeIndex, touched: np.ndarray, kind: str, data_version: int
) -> pd.DataFrame:
    """The first and the last touched origin of each meter that has one.

    Args:
        meter_ids: `[M]`.
        origins: `[O]` UTC.
        touched: `[M, O]`.
        kind: `forecast` or `outcome`.
        data_version: With which the readings came that touch them.

    Returns:
        `meter_id`, `kind`, `first_origin`, `last_origin` (UTC) and `data_version`.
    """
    rows = np.flatnonzero(touched.any(axis=1))
    first, last = touched[rows].argmax(axis=1), touched.shape[1] - 1 - touched[rows, ::-1].argmax(axis=1)
    return pd.DataFrame(
        {
            "meter_id": meter_ids[rows],
            "kind": kind,
            "first_origin": origins[first],
            "last_origin": origins[last],
            "data_version": data_version,
        }
    )


def whole_spans(meter_ids: np.ndarray, origins: pd.DatetimeIndex, data_version: int) -> pd.DataFrame:
    """Every origin of some meters, both as forecast and as outcome; see `touched_spans`."""
    every = np.ones((len(meter_ids), len(origins)), bool)
    kinds = (touched_spans(meter_ids, origins, every, kind, data_version) for kind in ("forecast", "outcome"))
    return pd.concat(kinds, ignore_index=True)


def note_touched(home: Home, touched: pd.DataFrame) -> None:
    """Adds rows of `touched_spans` to those that earlier backfills noted; without rows, the file stays as it is."""
    if touched.empty:
        return
    path = home.feature_store / TOUCHED_FILE
    parts = [pd.read_parquet(path), touched] if path.is_file() else [touched]
    pd.concat(parts, ignore_index=True).to_parquet(path, index=False)
