"""Features of the weather: what was observed in the window, and what was forecast for the horizon when it began.

Values are NaN where nothing was known at the origin, and never anything that became known later.
"""

from dataclasses import dataclass

import numpy as np

from metrify.errors import ConfigError
from metrify.features.batch import FeatureBatch
from metrify.readings.known import KnownWeather


@dataclass(frozen=True)
class WeatherQuantity:
    """Something of the weather that features are made of.

    Attributes:
        name: How the features call it.
        column: Its column in a dataset's weather.
        unit: Unit of its values.
    """

    name: str
    column: str
    unit: str


QUANTITIES = (
    WeatherQuantity("temperature", "temperature_c", "degC"),
    WeatherQuantity("radiation", "global_radiation_w_per_m2", "W/m2"),
)


@dataclass(frozen=True)
class ObservedWeather:
    """A quantity as it was observed in each interval of the window, `[N, sequence_length]`."""

    quantity: WeatherQuantity

    @property
    def name(self) -> str:
        """For instance `observed_temperature`."""
        return f"observed_{self.quantity.name}"

    def __call__(self, batch: FeatureBatch) -> np.ndarray:
        """Computes it.

        Raises:
            ConfigError: The batch has no weather, or its weather lacks the quantity.
        """
        weather = _weather(batch, self.name)
        return weather.observed[..., _place(weather, self.quantity, self.name)]


@dataclass(frozen=True)
class ForecastWeather:
    """A quantity as it was forecast for each interval of the horizon, `[N, forecast_horizon]`.

    Of several forecasts of an interval it is the newest one that was issued by the origin.
    """

    quantity: WeatherQuantity

    @property
    def name(self) -> str:
        """For instance `forecast_temperature`."""
        return f"forecast_{self.quantity.name}"

    def __call__(self, batch: FeatureBatch) -> np.ndarray:
        """Computes it.

        Raises:
            ConfigError: The batch has no weather, or its weather lacks the quantity.
        """
        weather = _weather(batch, self.name)
        return weather.forecast[..., _place(weather, self.quantity, self.name)]


def forecast_age(batch: FeatureBatch) -> np.ndarray:
    """Hours from the issue of each interval's forecast to the origin, `[N, forecast_horizon]`, at least 0.

    Raises:
        ConfigError: The batch has no weather.
    """
    weather = _weather(batch, forecast_age.__name__)
    return (batch.origins.astype("datetime64[us]")[:, None] - weather.issued_at) / np.timedelta64(1, "h")


def _weather(batch: FeatureBatch, feature: str) -> KnownWeather:
    if batch.weather is None:
        raise ConfigError(
            f"{feature} is computed from the weather, and there is none.",
            "Give the batch the weather that was known at its origins, or leave the feature out.",
        )
    return batch.weather


def _place(weather: KnownWeather, quantity: WeatherQuantity, feature: str) -> int:
    if quantity.column not in weather.columns:
        raise ConfigError(
            f"{feature} is computed from {quantity.column}, and the weather has {', '.join(weather.columns)}.",
            f"Bring weather with this column, or leave {quantity.name} out of `weather_quantities`.",
        )
    return weather.columns.index(quantity.column)


OBSERVED_WEATHER = tuple(map(ObservedWeather, QUANTITIES))
FORECAST_WEATHER = tuple(map(ForecastWeather, QUANTITIES))
