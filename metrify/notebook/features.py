"""Features of readings, by the functions that training and serving share."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field

from metrify.config.schema import FeatureEngineeringConfig
from metrify.errors import DatasetError, UsageError
from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.specification import Feature, compute_features, select_features
from metrify.features.windows import cut_targets, cut_windows, local_midnights
from metrify.readings.matrix import ReadingsMatrix, to_matrix
from metrify.readings.schema import check_readings


class FeatureConfig(FeatureEngineeringConfig):
    """The keys of `feature_engineering`, and what the features need to know of the readings."""

    forecast_horizon: Annotated[int, Field(gt=0)] = 24  # intervals
    resolution_minutes: Annotated[int, Field(gt=0)] = 60
    timezone: str = "Europe/London"  # IANA name of the calendar's local time
    country: str = "GB"  # ISO 3166, for public holidays


@dataclass(frozen=True)
class FeatureRows:
    """Features of N rows; a row is a meter and a forecast origin.

    Attributes:
        meter_ids: `[N]`.
        origins: `[N]` datetime64[s] UTC.
        features: Arrays `[N, ...]` float32 by feature name.
        incomplete: `meter_id` and `origin` of the rows that were left out, since a reading is missing.
    """

    meter_ids: np.ndarray
    origins: np.ndarray
    features: dict[str, np.ndarray]
    incomplete: pd.DataFrame


class FeatureEngineeringPipeline:
    """From readings to features.

    Args:
        config: Which features, and the place and resolution of the readings.
    """

    def __init__(self, config: FeatureConfig | None = None) -> None:
        self.config = config or FeatureConfig()

    def transform(self, readings: pd.DataFrame, origins: pd.DatetimeIndex | None = None) -> FeatureRows:
        """Features of each meter at each origin whose window is complete.

        Args:
            readings: `meter_id`, `timestamp` (UTC, start of the interval) and `kwh` per interval.
            origins: When the forecasts begin, with a time zone; all local midnights without them.

        Raises:
            ReadingsError: The readings break their contract or the resolution.
            UsageError: An origin has no time zone, or is no start of an interval.
            DatasetError: No row is complete.
            ConfigError: The time zone or the country is unknown, or `lookback_window` is too short for a feature.
        """
        return self._rows(readings, origins, with_targets=False)[0]

    def transform_with_targets(
        self, readings: pd.DataFrame, origins: pd.DatetimeIndex | None = None
    ) -> tuple[FeatureRows, np.ndarray]:
        """The same for rows whose horizon is complete too, and the horizon `[N, forecast_horizon]` kWh per interval."""
        return self._rows(readings, origins, with_targets=True)

    def _rows(
        self, readings: pd.DataFrame, origins: pd.DatetimeIndex | None, with_targets: bool
    ) -> tuple[FeatureRows, np.ndarray]:
        config, matrix = self.config, self._matrix(readings)
        step = pd.Timedelta(minutes=config.resolution_minutes)
        end = matrix.timestamps[-1] + step
        if origins is None:
            last = end - config.forecast_horizon * step if with_targets else end
            origins = local_midnights(matrix.start + config.lookback_window * step, last, config.timezone)
        origins = _checked_origins(origins, matrix.start, step)
        windows = cut_windows(matrix, origins, config.lookback_window)
        targets = cut_targets(matrix, origins, config.forecast_horizon)
        complete = np.isfinite(windows).all(axis=2)
        if with_targets:
            complete &= np.isfinite(targets).all(axis=2)
        if not complete.any():
            raise DatasetError(
                f"No meter has the {config.lookback_window} readings before any of the {len(origins)} origins.",
                "Bring more readings, or choose a shorter lookback_window or other origins.",
            )
        meters, columns = np.nonzero(complete)
        times = origins.tz_localize(None).to_numpy("datetime64[s]")
        context = FeatureContext(
            config.lookback_window, config.forecast_horizon, config.resolution_minutes, config.timezone, config.country
        )
        batch = FeatureBatch(windows[meters, columns], times[columns], context)
        features = compute_features(_selected(config), batch)
        left_out = np.nonzero(~complete)
        incomplete = pd.DataFrame({"meter_id": matrix.meter_ids[left_out[0]], "origin": origins[left_out[1]]})
        rows = FeatureRows(matrix.meter_ids[meters], times[columns], features, incomplete)
        return rows, targets[meters, columns]

    def _matrix(self, readings: pd.DataFrame) -> ReadingsMatrix:
        if isinstance(readings.get("timestamp", pd.Series()).dtype, pd.DatetimeTZDtype) and "kwh" in readings:
            stamps = readings["timestamp"].dt.tz_convert("UTC").dt.as_unit("us")
            readings = readings.assign(timestamp=stamps, kwh=readings["kwh"].astype(np.float32))
        return to_matrix(check_readings(readings), self.config.resolution_minutes)


def _selected(config: FeatureConfig) -> tuple[Feature, ...]:
    return select_features(config.include_time_features, config.include_load_statistics)


def _checked_origins(origins: pd.DatetimeIndex, start: pd.Timestamp, step: pd.Timedelta) -> pd.DatetimeIndex:
    if origins.tz is None:
        raise UsageError("The origins have no time zone.", "Localise them, for instance `origins.tz_localize('UTC')`.")
    origins = origins.tz_convert("UTC")
    off_grid = int(((origins - start) % step != pd.Timedelta(0)).sum())
    if off_grid:
        raise UsageError(f"{off_grid} of {len(origins)} origins start no interval.", "Choose starts of intervals.")
    return origins
