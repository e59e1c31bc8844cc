"""Which bundles the transformer takes."""

import pytest

from inference_services.transformer.servable import require_servable
from metrify.errors import BundleError
from metrify.features.specification import select_features


def test_readings_and_calendar_are_at_hand() -> None:
    require_servable(select_features(True, include_load_statistics=True), has_weather=False)


def test_weather_is_at_hand_where_the_feature_store_is_read() -> None:
    require_servable(select_features(True, include_weather=True), has_weather=True)
    with pytest.raises(BundleError, match=r"no weather .* forecast_age@1") as raised:
        require_servable(select_features(True, include_weather=True), has_weather=False)
    assert "--feature_reader feast" in raised.value.mend


def test_grid_status_is_refused_by_name() -> None:
    with pytest.raises(BundleError, match=r"no grid_status .* feeder_loading@1"):
        require_servable(select_features(True, include_weather=True, include_grid_status=True), has_weather=True)
