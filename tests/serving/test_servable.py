"""Which bundles the transformer takes."""

import pytest

from inference_services.transformer.servable import require_servable
from metrify.errors import BundleError
from metrify.features.specification import select_features


def test_readings_and_calendar_are_at_hand() -> None:
    require_servable(select_features(True, include_load_statistics=True))


def test_weather_and_grid_status_are_refused_by_name() -> None:
    with pytest.raises(BundleError, match=r"no grid_status and no weather .* forecast_age@1, feeder_loading@1"):
        require_servable(select_features(True, include_weather=True, include_grid_status=True))
