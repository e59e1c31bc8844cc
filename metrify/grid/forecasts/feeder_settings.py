"""What the platform's forecaster reads, and is trained with, where it forecasts a feeder's own loads and inverters."""

from importlib import resources

from metrify.config.grid_optimization import GridOptimizationConfig
from metrify.config.schema import ConsumptionForecastingConfig
from metrify.errors import GridError
from metrify.features.batch import FeatureContext
from metrify.features.specification import Feature, features_from_labels

_LABELS = ("load_window@2", "window_rest_day@2", "horizon_calendar@1", "meter_code@1")
_HISTORY_HOURS = 672


def forecaster_features() -> tuple[Feature, ...]:
    """The features that it reads."""
    return features_from_labels(_LABELS)


def forecaster_settings(config: GridOptimizationConfig) -> ConsumptionForecastingConfig:
    """The model and its training: one network, since a feeder has few elements.

    Args:
        config: Sizes and the seed.
    """
    sizes = config.forecast
    return ConsumptionForecastingConfig(
        model_type="context",
        sequence_length=_HISTORY_HOURS,
        forecast_horizon=sizes.forecast_horizon_hours,
        epochs=sizes.epochs,
        max_training_windows=sizes.max_training_windows,
        seed=config.seed,
    )


def forecaster_context(config: GridOptimizationConfig, timezone: str) -> FeatureContext:
    """What all its rows share.

    Args:
        config: The horizon.
        timezone: IANA name of the feeder's local time.

    Raises:
        GridError: The zone is of no country, so that nobody knows its public holidays.
    """
    return FeatureContext(
        _HISTORY_HOURS, config.forecast.forecast_horizon_hours, 60, timezone, country_of_timezone(timezone)
    )


def country_of_timezone(timezone: str) -> str:
    """The country that a time zone is named after, as an ISO 3166 code.

    Args:
        timezone: IANA name.

    Raises:
        GridError: It is of no country.

    Example:
        >>> country_of_timezone("Europe/Berlin")
        'DE'
    """
    table = resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    for line in table.splitlines():
        if not line.startswith("#"):
            country, _, name, *_ = line.split("\t")
            if name == timezone:
                return country
    raise GridError(
        f"The time zone {timezone} is of no country, so nobody can tell its public holidays.",
        "Import the feeder with the zone of a place, such as Europe/London.",
    )
