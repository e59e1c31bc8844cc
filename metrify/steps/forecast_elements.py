"""Forecasts a feeder's loads and inverters from the feature store, as the load-forecaster's service does it."""

from dataclasses import dataclass

import numpy as np

from metrify.bundles.load import Bundle, load_bundle
from metrify.bundles.manifest import FORECASTER_NAME
from metrify.bundles.signature import PUBLIC_KEY_FILE, load_public_key
from metrify.config import Home
from metrify.errors import FeatureStoreError, UnknownMeterError
from metrify.experiments.assignment import CONTROL
from metrify.features.batch import FeatureBatch
from metrify.features.complete_windows import complete_windows
from metrify.features.known_static import static_of_rows
from metrify.features.model_features import reads_weather, static_columns_of
from metrify.features.specification import compute_features
from metrify.features.windows import cut_stored
from metrify.forecasting.expected_load import integrate_quantiles
from metrify.forecasting.onnx_model import OnnxModel
from metrify.grid.expected_hours import ExpectedHours, element_meters, expect_hours
from metrify.grid.feeder import Feeder
from metrify.steps.install_service import service_path
from metrify.steps.latest_features import read_newest_windows
from metrify.steps.rollout import served_bundles
from metrify.steps.store_windows import pseudonymise_all
from metrify.units import MINUTES_PER_HOUR


@dataclass(frozen=True, eq=False)
class ElementForecast:
    """A forecast of a feeder.

    Attributes:
        hours: That are forecast, from the end of the stored readings on.
        version: Of the forecaster's bundle.
    """

    hours: ExpectedHours
    version: str


def forecast_elements(feeder: Feeder, home: Home) -> ElementForecast | None:
    """The forecast of a feeder by the control of the forecaster's service.

    Args:
        feeder: What is connected.
        home: Where the service, its bundle and the feature store lie.

    Returns:
        None where no forecaster of the feeder's dataset is served, or it can't forecast all elements from one time on
        without its service: it reads the weather, or readings are missing.

    Raises:
        BundleError: The bundle is missing or changed.
    """
    service = service_path(home, FORECASTER_NAME)
    if not service.is_file():
        return None
    model = load_bundle(served_bundles(service)[CONTROL], load_public_key(home.keys / PUBLIC_KEY_FILE))
    manifest = model.manifest
    fits = manifest.dataset_name == feeder.network.name and manifest.resolution_minutes == MINUTES_PER_HOUR
    if not fits or any(map(reads_weather, model.features)):
        return None
    batch = _read_rows(model, element_meters(feeder), home)
    if batch is None:
        return None
    quantiles = OnnxModel(model.model_path).predict_in_batches(compute_features(model.features, batch))
    kwh = integrate_quantiles(manifest.quantiles).of(quantiles)
    return ElementForecast(expect_hours(feeder, batch.origins[0], kwh), manifest.version)


def _read_rows(model: Bundle, meters: list[str], home: Home) -> FeatureBatch | None:
    """The newest windows of all meters, completed; None where that is not possible, or they end at several times."""
    context, columns = model.manifest.context, static_columns_of(model.features)
    try:
        found = read_newest_windows(meters, home, with_static=bool(columns))
    except (FeatureStoreError, UnknownMeterError):
        return None
    stored = FeatureBatch(cut_stored(found.windows, context.sequence_length), found.ends, context)
    completed = complete_windows(stored, model.cold_start)
    if not completed.is_usable.all() or len(np.unique(found.ends)) > 1:
        return None
    static, _ = static_of_rows(found.static, columns)
    names = pseudonymise_all(meters, home)
    return FeatureBatch(completed.windows, found.ends, context, meter_ids=names, static=static)
