"""Refuses bundles that the transformer can't feed."""

from collections.abc import Iterable

from metrify.errors import BundleError
from metrify.features.model_features import model_columns, uncomputable
from metrify.features.specification import Feature


def require_servable(features: Iterable[Feature], has_weather: bool) -> None:
    """Checks that all features are computed from what is at hand at a request: window, calendar and perhaps weather.

    Args:
        features: Of a bundle.
        has_weather: Whether the feature reader knows the weather of stations.

    Raises:
        BundleError: One needs the grid's status, or weather where there is none.
    """
    lacking = uncomputable(features, model_columns() if has_weather else ())
    if lacking:
        inputs = sorted({name for feature in lacking for name in feature.inputs})
        raise BundleError(
            f"The transformer has no {' and no '.join(inputs)} to compute the bundle's features "
            f"{', '.join(feature.label for feature in lacking)} from.",
            "Train it without them, or read the weather from the feature store (`--feature_reader feast`).",
        )
