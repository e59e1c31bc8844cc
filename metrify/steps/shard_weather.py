"""The weather of a shard's meters, for models that read it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from metrify.bundles.load import Bundle
from metrify.errors import BundleError
from metrify.features.batch import FeatureContext
from metrify.features.model_features import columns_of, static_columns_of, uncomputable
from metrify.features.weather_gaps import weather_faults
from metrify.readings.dataset import METERS_FILE, read_optional
from metrify.readings.known import KnownWeather
from metrify.readings.places import STATION_COLUMN, places_where_known
from metrify.readings.weather import WEATHER_COLUMNS, WEATHER_FILE, weather_known_for


@dataclass(frozen=True)
class ShardWeather:
    """Weather of the stations of a shard's meters.

    Attributes:
        weather: Keeps its contract; of the quantities those that the model reads.
        stations: `[M]` the station of each meter; None where it is not known.
        at_hand: The stations of which there is weather.
    """

    weather: pd.DataFrame
    stations: np.ndarray
    at_hand: frozenset[str]

    def known_at(
        self, meters: np.ndarray, origins: np.ndarray, context: FeatureContext
    ) -> tuple[KnownWeather, list[str]]:
        """What was known at the origins of rows, and the faults by row; empty texts where there are none.

        Args:
            meters: `[N]` numbers of their meters.
            origins: `[N]` datetime64, UTC.
            context: Lengths and resolution.

        Raises:
            ReadingsError: The weather's intervals don't fit the readings'.
        """
        lengths = context.sequence_length, context.forecast_horizon, context.resolution_minutes
        stations = self.stations[meters]
        known = weather_known_for(self.weather, stations, origins, *lengths)
        return known, weather_faults(known, origins, stations, self.at_hand)


def open_shard_weather(model: Bundle, dataset: Path, meters: pa.Array) -> ShardWeather | None:
    """The weather that a model reads of a dataset; None where it reads none.

    Args:
        model: The model's bundle.
        dataset: Dataset folder.
        meters: `[M]` the meters of the shard.

    Raises:
        BundleError: Windows, calendar, what is known of meters and the dataset's weather don't give what it reads.
    """
    read = columns_of(model.features)
    weather = read_optional(dataset / WEATHER_FILE) if read else None
    columns = tuple(name for name in read if weather is not None and name in weather)
    lacking = [feature.label for feature in uncomputable(model.features, columns, static_columns_of(model.features))]
    if lacking:
        raise BundleError(
            f"Neither the windows nor the dataset's weather give the bundle's features {', '.join(lacking)}.",
            "Import the weather with `metrify data import --weather`, or train the model without them.",
        )
    if weather is None:
        return None
    stations = places_where_known(
        STATION_COLUMN, meters.to_pylist(), pd.read_parquet(dataset / METERS_FILE), weather[STATION_COLUMN]
    )
    return ShardWeather(weather[[*WEATHER_COLUMNS, *columns]], stations, frozenset(weather[STATION_COLUMN].unique()))
