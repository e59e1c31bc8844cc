"""Which features a notebook asks for."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field

from metrify.config.loader import load_config, load_values, validate_values
from metrify.config.schema import ConsumptionForecastingConfig, FeatureEngineeringConfig
from metrify.features.specification import FORECAST_FEATURES, Feature, select_features
from metrify.features.weather import FORECAST_WEATHER, OBSERVED_WEATHER, QUANTITIES


class FeatureConfig(FeatureEngineeringConfig):
    """The keys of `feature_engineering`, and what the features need to know of the readings."""

    lookback_window: Annotated[int, Field(gt=0)] = ConsumptionForecastingConfig().sequence_length  # what models read
    forecast_horizon: Annotated[int, Field(gt=0)] = 24  # intervals
    resolution_minutes: Annotated[int, Field(gt=0)] = 60
    timezone: str = "Europe/London"  # IANA name of the calendar's local time
    country: str = "GB"  # ISO 3166, for public holidays
    # What include_weather means, in a notebook.
    include_weather_forecast: bool = True  # of the horizon; false: observed weather alone
    weather_quantities: Annotated[tuple[Literal["temperature", "radiation"], ...], Field(min_length=1)] = (
        "temperature",
        "radiation",
    )

    @classmethod
    def from_yaml(cls, path: Path | str) -> Self:
        """Reads a YAML file of these keys, or takes the features of a whole `ml_config.yaml`.

        Windows and the horizon are then as long as its forecaster's, whatever the feature store keeps beyond that.

        Raises:
            ConfigError: The file is missing, is no YAML mapping, or has an unknown key or a bad value.
        """
        values = load_values(Path(path))
        if "feature_engineering" in values:
            config = load_config(Path(path))
            model = config.training.consumption_forecasting
            lengths = {"lookback_window": model.sequence_length, "forecast_horizon": model.forecast_horizon}
            values = config.feature_engineering.model_dump() | lengths
        return validate_values(cls, values, str(path))


def selected_features(config: FeatureConfig) -> tuple[Feature, ...]:
    """The features that a configuration asks for, in the order of the specification."""
    unwanted = {weather.name for weather in OBSERVED_WEATHER if weather.quantity.name not in config.weather_quantities}
    unwanted |= {weather.name for weather in FORECAST_WEATHER if weather.quantity.name not in config.weather_quantities}
    if not config.include_weather_forecast:
        unwanted.update(FORECAST_FEATURES)
    chosen = select_features(
        config.include_time_features,
        config.include_load_statistics,
        config.include_weather,
        config.include_grid_status,
        config.include_meter,
        config.static_columns,
    )
    return tuple(feature for feature in chosen if feature.name not in unwanted)


def weather_columns(config: FeatureConfig) -> tuple[str, ...]:
    """Columns of the weather that the features are computed from."""
    return tuple(quantity.column for quantity in QUANTITIES if quantity.name in config.weather_quantities)
