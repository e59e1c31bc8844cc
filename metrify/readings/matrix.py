"""Readings as a matrix of meters by intervals, which is what the kernels work on."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from metrify.errors import ReadingsError


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
        readings: Readings that keep their contract.
        resolution_minutes: Length of an interval.

    Raises:
        ReadingsError: There are no readings, or a time stamp lies between two intervals.
    """
    if readings.empty:
        raise ReadingsError("There are no readings.", "Bring a dataset with at least one meter.")
    meters, meter_ids = pd.factorize(readings["meter_id"], sort=True)
    start, end = readings["timestamp"].min(), readings["timestamp"].max()
    step = pd.Timedelta(minutes=resolution_minutes)
    since_start = readings["timestamp"] - start
    off_grid = since_start % step != pd.Timedelta(0)
    if off_grid.any():
        raise ReadingsError(
            f"{off_grid.sum()} of {len(readings)} time stamps lie between intervals of {resolution_minutes} minutes, "
            f"for instance {readings.loc[off_grid, 'timestamp'].iloc[0].isoformat()}.",
            "Correct resolution_minutes in dataset.yaml, or import the readings again with the right --resolution.",
        )
    columns = (since_start // step).to_numpy()
    kwh = np.full((len(meter_ids), (end - start) // step + 1), np.nan, dtype=np.float32)
    kwh[meters, columns] = readings["kwh"].to_numpy()
    return ReadingsMatrix(np.asarray(meter_ids, dtype=object), start, resolution_minutes, kwh)
