"""What a configuration's model reads."""

import pytest

from metrify.config.schema import FeatureEngineeringConfig
from metrify.errors import ConfigError
from metrify.features.model_features import model_features, uncomputable
from metrify.features.specification import FEATURES, select_features

BOTH = ("temperature_c", "global_radiation_w_per_m2")
WITH_WEATHER = FeatureEngineeringConfig(include_weather=True)


def names(columns: tuple[str, ...]) -> list[str]:
    return [feature.name for feature in model_features(WITH_WEATHER, columns)]


def test_without_weather_it_reads_the_window_and_the_calendar() -> None:
    assert model_features(FeatureEngineeringConfig(), BOTH) == select_features(True, include_meter=True)


@pytest.mark.parametrize(
    ("columns", "quantities"),
    [
        (BOTH, ["temperature", "radiation"]),
        (BOTH[:1], ["temperature"]),
        (("wind_speed_m_per_s", BOTH[1]), ["radiation"]),
    ],
)
def test_it_reads_the_quantities_that_there_are(columns: tuple[str, ...], quantities: list[str]) -> None:
    weather = [f"{kind}_{quantity}" for kind in ("observed", "forecast") for quantity in quantities]
    assert names(columns) == ["load_window", "window_rest_day", "horizon_calendar", *weather, "meter_code"]


def test_weather_that_the_rows_lack_can_not_be_read() -> None:
    with pytest.raises(ConfigError, match="training set has no weather"):
        model_features(WITH_WEATHER, ())


def test_what_can_not_be_computed_is_told() -> None:
    assert {feature.name for feature in uncomputable(FEATURES, BOTH)} == {"feeder_loading", "feeder_voltage"}
    lacking = {feature.name for feature in uncomputable(model_features(WITH_WEATHER, BOTH), BOTH[:1])}
    assert lacking == {"observed_radiation", "forecast_radiation"}
    assert not uncomputable(select_features(True, include_load_statistics=True))
    assert len(uncomputable(model_features(WITH_WEATHER, BOTH))) == 4
