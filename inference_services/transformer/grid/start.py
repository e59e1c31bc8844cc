"""Puts the transformer of a feeder together."""

from dataclasses import dataclass

from inference_services.manifest import ServiceManifest
from inference_services.plan_tensors import plan_outputs
from inference_services.transformer.grid.expectations import Expectations
from inference_services.transformer.grid.forecaster import MeterForecaster
from inference_services.transformer.grid.model import FeederRooms, FeederTransformer
from inference_services.transformer.meters import pseudonymiser
from inference_services.transformer.predictors import Predictors
from inference_services.transformer.variants import Variants
from inference_services.transformer.watched_file import WatchedFile
from inference_services.transformer.windows import open_reader
from metrify.bundles.load import Bundle
from metrify.grid.bundled_feeder import read_bundled_feeder

_TIMES_PREDICTOR = 2  # the forecaster waits for its own predictor, too


@dataclass(frozen=True)
class FeederSources:
    """Where what is expected of a feeder comes from.

    Attributes:
        load_forecaster: Where the load-forecaster listens, see `MeterForecaster`.
        feature_reader: What reads the feature store where there is no forecast; see `open_reader`.
        timeout_seconds: Deadline of a call to a predictor.
    """

    load_forecaster: str
    feature_reader: str
    timeout_seconds: float


def open_feeder_transformer(
    name: str, bundle: Bundle, manifest: WatchedFile[ServiceManifest], predictors: Predictors, sources: FeederSources
) -> FeederTransformer:
    """The transformer of a bundle's feeder.

    Args:
        name: Name in the v2 protocol.
        bundle: The control's.
        manifest: The split.
        predictors: Clients of all variants.
        sources: Where what is expected comes from.

    Raises:
        UsageError: The address of the forecaster is none.
        BundleError: The bundle holds no feeder, or not what serving needs to know of it.
    """
    bundled = read_bundled_feeder(bundle)
    forecaster = MeterForecaster(sources.load_forecaster, _TIMES_PREDICTOR * sources.timeout_seconds)
    expectations = Expectations(
        bundled.feeder, forecaster, lambda: open_reader(sources.feature_reader), pseudonymiser()
    )
    variants = Variants(manifest, predictors, list(plan_outputs(bundled)))
    return FeederTransformer(name, FeederRooms(bundle, bundled, expectations, variants))
