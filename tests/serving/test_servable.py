"""Which bundles the transformer takes, and with which feature store."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from inference_services.transformer.servable import require_servable
from inference_services.transformer.windows import require_fitting_store
from metrify.adapters.materialised_readings import MaterialisedReadings, write_materialised
from metrify.bundles.load import load_bundle
from metrify.bundles.signature import load_public_key
from metrify.config import Home, default_config
from metrify.errors import BundleError
from metrify.features.specification import select_features
from metrify.readings.matrix import ReadingsMatrix


def test_readings_and_calendar_are_at_hand() -> None:
    require_servable(select_features(True, include_load_statistics=True), reads_store=False)


def test_weather_is_at_hand_where_the_feature_store_is_read() -> None:
    require_servable(select_features(True, include_weather=True), reads_store=True)
    with pytest.raises(BundleError, match=r"no weather .* forecast_age@1") as raised:
        require_servable(select_features(True, include_weather=True), reads_store=False)
    assert "--feature_reader feast" in raised.value.mend


def test_grid_status_is_refused_by_name() -> None:
    with pytest.raises(BundleError, match=r"no grid_status .* feeder_loading@1"):
        require_servable(select_features(True, include_weather=True, include_grid_status=True), reads_store=True)


def test_a_store_of_another_resolution_is_refused_at_the_start(world, metrify_home: Path) -> None:
    manifest = load_bundle(world.folder / "one", load_public_key(world.key)).manifest
    require_fitting_store("feast", manifest)  # nothing is known of a store that another process fills
    home, start = Home(metrify_home), pd.Timestamp("2024-01-01", tz="UTC")
    home.feature_store.mkdir(parents=True)
    for minutes in (60, 30):
        matrix = ReadingsMatrix(np.array(["m"], object), start, minutes, np.ones((1, 2), np.float32))
        place = ("Europe/Berlin", "DE", 672, start)
        imputed = np.zeros((1, 2), bool)
        write_materialised(home, MaterialisedReadings("tiny", 0, *place, matrix, imputed, "", default_config()))
        if minutes == 60:
            require_fitting_store("feast", manifest)
            detector = manifest.model_copy(update={"task": "anomaly-detection", "sequence_length": 696})
            with pytest.raises(BundleError, match=r"reads 696 intervals, and the store keeps 672"):
                require_fitting_store("feast", detector)
    with pytest.raises(BundleError, match=r"reads intervals of 60 minutes .* the store holds 30 minutes"):
        require_fitting_store("feast", manifest)
    require_fitting_store("parquet:windows.parquet", manifest)
