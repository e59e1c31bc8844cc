"""Finds the champion, the model that was promoted last, where a new model can be compared with it."""

from collections.abc import Collection

from metrify.adapters.registry import fetch_bundle, find_champion
from metrify.bundles.load import Bundle, load_bundle
from metrify.bundles.manifest import BundleManifest
from metrify.bundles.signature import PUBLIC_KEY_FILE, load_public_key
from metrify.config import Home, MetrifyConfig
from metrify.errors import BundleError
from metrify.features.batch import FeatureContext
from metrify.features.model_features import uncomputable


def find_comparable_champion(
    name: str,
    context: FeatureContext,
    weather_columns: Collection[str],
    static_columns: Collection[str],
    quantiles: tuple[float, ...],
    config: MetrifyConfig,
    home: Home,
) -> Bundle | None:
    """The champion's bundle, verified, if what it reads can be had of the new model's rows, and it says the same.

    Where there is none, or none that can be compared, the log says why.

    Args:
        name: Of the model, for instance `load-forecaster`.
        context: Of the new model's rows.
        weather_columns: Quantities of the weather that the rows have; none without weather.
        static_columns: Columns of the meters' table that they have.
        quantiles: Of the new model's answers; none of a detector.
        config: The tracking address.
        home: Where the trusted key lies.

    Raises:
        TrackingError: MLflow can't be reached or refuses.
    """
    registered = find_champion(home, config, name)
    if registered is None:
        print("no champion to compare with: nothing was promoted yet", flush=True)
        return None
    try:
        folder = fetch_bundle(home, config, registered)
        bundle = load_bundle(folder, load_public_key(home.keys / PUBLIC_KEY_FILE))
        lacking = uncomputable(bundle.features, weather_columns, static_columns)
    except BundleError as error:
        print(f"the champion {registered.version} is not compared: {error}", flush=True)
        return None
    different = _differences(bundle.manifest, context, quantiles) + (["features"] if lacking else [])
    if different:
        print(f"the champion {registered.version} is not compared: its {', '.join(different)} differ", flush=True)
        return None
    return bundle


def _differences(manifest: BundleManifest, context: FeatureContext, quantiles: tuple[float, ...]) -> list[str]:
    names = ("sequence_length", "forecast_horizon", "resolution_minutes", "timezone", "country")
    different = [name for name in names if getattr(manifest, name) != getattr(context, name)]
    if manifest.quantiles != quantiles:
        different.append("quantiles")
    return different
