"""Which features a forecaster reads: the one answer that training, evaluation, compression and the bundle share."""

from collections.abc import Collection, Iterable

from metrify.config.schema import FeatureEngineeringConfig
from metrify.errors import ConfigError
from metrify.features.specification import Feature, select_features
from metrify.features.static_code import StaticCode
from metrify.features.weather import QUANTITIES, ForecastWeather, ObservedWeather

WEATHER = "weather"  # what features of it name as their input
_WITH_GAPS = ("history_window", "day_readings")  # a detector's, which sees gaps as gaps
_AT_HAND = frozenset({"readings", "calendar", "meter"})  # wherever there are windows


def model_features(
    config: FeatureEngineeringConfig, weather_columns: Collection[str], static_columns: Collection[str] = ()
) -> tuple[Feature, ...]:
    """The features of a configuration's model, in the order of `select_features`.

    Of the weather it reads the quantities that there are, each observed and forecast. The age of a forecast is no
    feature of a model.

    Args:
        config: What is asked for.
        weather_columns: Columns of the weather that the rows have, both observed and forecast.
        static_columns: Columns of the meters' table that they have.

    Raises:
        ConfigError: The weather or a static column is asked for, and the rows lack it.

    Example:
        >>> config = FeatureEngineeringConfig(include_time_features=False, include_weather=True)
        >>> [feature.label for feature in model_features(config, ["temperature_c"])]
        ['load_window@2', 'observed_temperature@1', 'forecast_temperature@1', 'meter_code@1']
    """
    if config.include_weather and not weather_columns:
        raise ConfigError(
            "feature_engineering.include_weather is true, and the training set has no weather.",
            "Build the training set again with this configuration.",
        )
    absent = [column for column in config.static_columns if column not in static_columns]
    if absent:
        raise ConfigError(
            f"feature_engineering.static_columns names {', '.join(absent)}, and the training set lacks it.",
            "Build the training set again with this configuration.",
        )
    chosen = select_features(
        config.include_time_features,
        include_weather=config.include_weather,
        include_meter=config.include_meter,
        static_columns=config.static_columns,
    )
    return tuple(feature for feature in chosen if not reads_weather(feature) or column_of(feature) in weather_columns)


def uncomputable(
    features: Iterable[Feature], weather_columns: Collection[str] = (), static_columns: Collection[str] = ()
) -> tuple[Feature, ...]:
    """Those of some features that windows, the calendar, some of the weather and what is known of meters don't give.

    Args:
        features: What is to be computed.
        weather_columns: Columns of the weather that are at hand; none where there is no weather.
        static_columns: Columns of the meters' table that are at hand.
    """
    at_hand = _AT_HAND | {WEATHER} if weather_columns else _AT_HAND

    def is_computable(feature: Feature) -> bool:
        if isinstance(feature.function, StaticCode):
            return feature.function.column in static_columns
        return at_hand.issuperset(feature.inputs) and column_of(feature) in (None, *weather_columns)

    return tuple(feature for feature in features if not is_computable(feature))


def reads_weather(feature: Feature) -> bool:
    """Whether a feature is one of the weather, which may be missing where nothing was known."""
    return WEATHER in feature.inputs


def may_lack(feature: Feature) -> bool:
    """Whether its values may be NaN, where nothing was known or measured."""
    return reads_weather(feature) or feature.name in _WITH_GAPS


def column_of(feature: Feature) -> str | None:
    """The column of the weather that a feature is a quantity of; None where it is of none."""
    function = feature.function
    return function.quantity.column if isinstance(function, ObservedWeather | ForecastWeather) else None


def columns_of(features: Iterable[Feature]) -> tuple[str, ...]:
    """The columns of the weather that some features are quantities of, each once."""
    return tuple(dict.fromkeys(column for column in map(column_of, features) if column))


def static_columns_of(features: Iterable[Feature]) -> tuple[str, ...]:
    """The columns of the meters' table that some features are codes of."""
    return tuple(feature.function.column for feature in features if isinstance(feature.function, StaticCode))


def model_columns() -> tuple[str, ...]:
    """The columns of the weather that a model can read."""
    return tuple(quantity.column for quantity in QUANTITIES)
