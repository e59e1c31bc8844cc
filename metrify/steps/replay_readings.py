"""Pushes the windows of a past day to the online store, as the readings of that day would have."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from metrify.adapters.feature_store import push_windows
from metrify.config import Home, MetrifyConfig
from metrify.features.windows import cut_targets, cut_windows
from metrify.readings.matrix import ReadingsMatrix
from metrify.readings.store.read import newest_data_version
from metrify.steps.accepted_readings import load_accepted_readings
from metrify.steps.impute_inputs import impute_inputs

Change = Callable[[np.ndarray, pd.DatetimeIndex], np.ndarray]


class ReadingsReplay:
    """The accepted readings of a dataset, replayed day by day.

    Args:
        dataset: Dataset folder.
        verdicts: Folder of `validate_readings`.
        config: Length of the windows, and whether their gaps are imputed.
        home: Where the online store lies.

    Attributes:
        meter_ids: `[M]` accepted meters.
        matrix: Their readings, those that were imputed among them.
        timezone: IANA name of their local time.
    """

    def __init__(self, dataset: Path, verdicts: Path, config: MetrifyConfig, home: Home) -> None:
        info, _, self._measured = load_accepted_readings(dataset, verdicts)
        self.matrix, _ = impute_inputs(self._measured, info.timezone, config)
        self.timezone = info.timezone
        self._length = config.feature_engineering.lookback_window
        self._home = home
        self._data_version = newest_data_version(dataset)
        self.meter_ids: list[str] = [str(meter_id) for meter_id in self.matrix.meter_ids]

    def local_day(self, origin: pd.Timestamp, days: int) -> pd.Timestamp:
        """The local midnight some days after another one, UTC."""
        return (origin.tz_convert(self.timezone) + pd.DateOffset(days=days)).tz_convert("UTC")

    def push(self, origin: pd.Timestamp, change: Change | None = None) -> np.ndarray:
        """Pushes each meter's window that ends at an origin; returns the windows `[M, L]` kWh.

        Args:
            origin: Local midnight, UTC.
            change: What happened to the readings of the last seven days: from `[M, T]` kWh and `[T]` local times to
                `[M, T]` kWh.
        """
        matrix = self.matrix
        if change is not None:
            step = pd.Timedelta(minutes=matrix.resolution_minutes)
            first, last = ((stamp - matrix.start) // step for stamp in (self.local_day(origin, -7), origin))
            kwh = matrix.kwh.copy()
            local = matrix.timestamps[first:last].tz_convert(self.timezone)
            kwh[:, first:last] = change(kwh[:, first:last], local)
            matrix = ReadingsMatrix(matrix.meter_ids, matrix.start, matrix.resolution_minutes, kwh)
        windows = cut_windows(matrix, pd.DatetimeIndex([origin]), self._length)[:, 0]
        ends = pd.DatetimeIndex([origin] * len(windows))
        version = self._data_version if change is None else 0
        # A replay may go back in time.
        push_windows(self._home, matrix.meter_ids, ends, windows, keep_newer=False, data_versions=version)
        return windows

    def actual(self, origin: pd.Timestamp, horizon: int) -> np.ndarray:
        """What was measured after an origin, `[M, horizon]` kWh."""
        return cut_targets(self._measured, pd.DatetimeIndex([origin]), horizon)[:, 0]
