"""Features of readings, by the functions that training and serving share."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from metrify.errors import DatasetError, UsageError
from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.specification import compute_features
from metrify.features.surroundings import Surroundings
from metrify.features.windows import cut_targets, cut_windows, local_midnights
from metrify.notebook.feature_config import FeatureConfig, selected_features, weather_columns
from metrify.notebook.surroundings import checked_surroundings, static_of_meters
from metrify.readings.matrix import ReadingsMatrix, to_matrix
from metrify.readings.schema import check_readings


@dataclass(frozen=True)
class FeatureRows:
    """Features of N rows; a row is a meter and a forecast origin.

    Attributes:
        meter_ids: `[N]`.
        origins: `[N]` datetime64[s] UTC.
        features: Arrays `[N, ...]` float32 by feature name. Those of weather and grid status are NaN where nothing was
            known at the origin; no row is left out for that.
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

    def transform(
        self,
        readings: pd.DataFrame,
        origins: pd.DatetimeIndex | None = None,
        *,
        weather: pd.DataFrame | None = None,
        grid_status: pd.DataFrame | None = None,
        meters: pd.DataFrame | None = None,
    ) -> FeatureRows:
        """Features of each meter at each origin whose window is complete.

        Args:
            readings: `meter_id`, `timestamp` (UTC, start of the interval) and `kwh` per interval.
            origins: When the forecasts begin, with a time zone; all local midnights without them.
            weather: Observed and forecast weather, as a dataset has it; with `include_weather`, and only then.
            grid_status: Status of the feeders, as a dataset has it; with `include_grid_status`, and only then.
            meters: `meter_id`, `station_id` and `feeder_id` where there are several stations or feeders, and
                `static_columns`.

        Raises:
            ReadingsError: Readings, weather or grid status break their contract or the resolution.
            UsageError: An origin has no time zone or is no start of an interval, or what a choice of the configuration
                needs is not given, or what is given has no effect.
            DatasetError: No row is complete, it is not known whose station or feeder is whose, or the meters lack
                a static column.
            ConfigError: The time zone or the country is unknown, `lookback_window` is too short for a feature, or the
                weather lacks what a feature is computed from.
        """
        return self._rows(readings, origins, Surroundings(weather, grid_status, meters), with_targets=False)[0]

    def transform_with_targets(
        self,
        readings: pd.DataFrame,
        origins: pd.DatetimeIndex | None = None,
        *,
        weather: pd.DataFrame | None = None,
        grid_status: pd.DataFrame | None = None,
        meters: pd.DataFrame | None = None,
    ) -> tuple[FeatureRows, np.ndarray]:
        """The same for rows whose horizon is complete too, and the horizon `[N, forecast_horizon]` kWh per interval."""
        return self._rows(readings, origins, Surroundings(weather, grid_status, meters), with_targets=True)

    def _rows(
        self,
        readings: pd.DataFrame,
        origins: pd.DatetimeIndex | None,
        surroundings: Surroundings,
        with_targets: bool,
    ) -> tuple[FeatureRows, np.ndarray]:
        config, around = self.config, checked_surroundings(self.config, surroundings)
        matrix = self._matrix(readings)
        static = static_of_meters(config, around, matrix.meter_ids)
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
        of_row = (matrix.meter_ids[meters], times[columns], context)
        batch = FeatureBatch(
            windows[meters, columns],
            times[columns],
            context,
            around.weather_at(*of_row, weather_columns(config)),
            around.grid_status_at(*of_row),
            matrix.meter_ids[meters],
            static={column: values[meters] for column, values in static.items()},
        )
        features = compute_features(selected_features(config), batch)
        left_out = np.nonzero(~complete)
        incomplete = pd.DataFrame({"meter_id": matrix.meter_ids[left_out[0]], "origin": origins[left_out[1]]})
        rows = FeatureRows(matrix.meter_ids[meters], times[columns], features, incomplete)
        return rows, targets[meters, columns]

    def _matrix(self, readings: pd.DataFrame) -> ReadingsMatrix:
        if isinstance(readings.get("timestamp", pd.Series()).dtype, pd.DatetimeTZDtype) and "kwh" in readings:
            stamps = readings["timestamp"].dt.tz_convert("UTC").dt.as_unit("us")
            readings = readings.assign(timestamp=stamps, kwh=readings["kwh"].astype(np.float32))
        return to_matrix(check_readings(readings), self.config.resolution_minutes)


def _checked_origins(origins: pd.DatetimeIndex, start: pd.Timestamp, step: pd.Timedelta) -> pd.DatetimeIndex:
    if origins.tz is None:
        raise UsageError("The origins have no time zone.", "Localise them, for instance `origins.tz_localize('UTC')`.")
    origins = origins.tz_convert("UTC")
    off_grid = int(((origins - start) % step != pd.Timedelta(0)).sum())
    if off_grid:
        raise UsageError(f"{off_grid} of {len(origins)} origins start no interval.", "Choose starts of intervals.")
    return origins
