"""Weather and grid status of a dataset, cut to what was known at forecast origins."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from metrify.features.batch import FeatureContext
from metrify.readings.grid_status import grid_status_known_for
from metrify.readings.known import KnownGridStatus, KnownWeather
from metrify.readings.places import FEEDER_COLUMN, STATION_COLUMN, places_of_meters
from metrify.readings.weather import WEATHER_COLUMNS, weather_known_for


@dataclass(frozen=True)
class Surroundings:
    """What is measured and forecast around meters.

    Attributes:
        weather: Keeps `metrify.readings.weather`; None where there is none.
        grid_status: Keeps `metrify.readings.grid_status`; None where there is none.
        meters: `meter_id`, and `station_id` and `feeder_id` where there are several of them.
    """

    weather: pd.DataFrame | None = None
    grid_status: pd.DataFrame | None = None
    meters: pd.DataFrame | None = None

    def weather_at(
        self, meter_ids: np.ndarray, origins: np.ndarray, context: FeatureContext, columns: tuple[str, ...]
    ) -> KnownWeather | None:
        """The weather of each row's station as it was known at its origin; None where there is no weather.

        Args:
            meter_ids: `[N]`.
            origins: `[N]` datetime64, UTC.
            context: Lengths and resolution.
            columns: The quantities that are wanted; those that the weather lacks are left out.

        Raises:
            DatasetError: It is not known which station is whose.
            ReadingsError: The weather's intervals don't fit the readings'.
        """
        if self.weather is None:
            return None
        wanted = [*WEATHER_COLUMNS, *(name for name in columns if name in self.weather)]
        return weather_known_for(
            self.weather[wanted],
            _places(STATION_COLUMN, meter_ids, self.meters, self.weather),
            origins,
            context.sequence_length,
            context.forecast_horizon,
            context.resolution_minutes,
        )

    def grid_status_at(
        self, meter_ids: np.ndarray, origins: np.ndarray, context: FeatureContext
    ) -> KnownGridStatus | None:
        """The status of each row's feeder as it was known at its origin; None where there is no status.

        Args:
            meter_ids: `[N]`.
            origins: `[N]` datetime64, UTC.
            context: Lengths and resolution.

        Raises:
            DatasetError: It is not known which feeder is whose.
            ReadingsError: The status's intervals don't fit the readings'.
        """
        if self.grid_status is None:
            return None
        return grid_status_known_for(
            self.grid_status,
            _places(FEEDER_COLUMN, meter_ids, self.meters, self.grid_status),
            origins,
            context.sequence_length,
            context.resolution_minutes,
        )


def _places(column: str, meter_ids: np.ndarray, meters: pd.DataFrame | None, frame: pd.DataFrame) -> np.ndarray:
    codes, distinct = pd.factorize(meter_ids)
    return places_of_meters(column, distinct, meters, frame[column])[codes]
