"""Readings as a matrix of meters by intervals, which is what the kernels work on."""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class ReadingsMatrix:
    """Readings on a complete time axis.

    Attributes:
        meter_ids: `[M]`, sorted.
        start: Start of the first interval, UTC.
        resolution_minutes: Length of an interval.
        kwh: `[M, T]` float32; NaN where there is no reading.
    """

    meter_ids: np.ndarray
    start: pd.Timestamp
    resolution_minutes: int
    kwh: np.ndarray

    @property
    def timestamps(self) -> pd.DatetimeIndex:
        """`[T]` starts of the intervals, UTC."""
        return pd.date_range(self.start, periods=self.kwh.shape[1], freq=f"{self.resolution_minutes}min")


def to_matrix(readings: pd.DataFrame, resolution_minutes: int) -> ReadingsMatrix:
    """Lays readings out on a complete time axis. Missing readings stay missing: they become NaN.

    Args:
        readings: Readings that keep their contract, not empty.
        resolution_minutes: Length of an interval.
    """
    meters, meter_ids = pd.factorize(readings["meter_id"], sort=True)
    start, end = readings["timestamp"].min(), readings["timestamp"].max()
    step = pd.Timedelta(minutes=resolution_minutes)
    columns = ((readings["timestamp"] - start) // step).to_numpy()
    kwh = np.full((len(meter_ids), (end - start) // step + 1), np.nan, dtype=np.float32)
    kwh[meters, columns] = readings["kwh"].to_numpy()
    return ReadingsMatrix(np.asarray(meter_ids, dtype=object), start, resolution_minutes, kwh)
