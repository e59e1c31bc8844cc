"""Refuses bundles that the transformer can't feed."""

from collections.abc import Sequence

from metrify.errors import BundleError
from metrify.features.model_features import model_columns, static_columns_of, uncomputable
from metrify.features.specification import Feature


def require_servable(features: Sequence[Feature], reads_store: bool) -> None:
    """Checks that all features are computed from what is at hand at a request: window, calendar, and what stores tell.

    Args:
        features: Of a bundle.
        reads_store: Whether the feature reader also knows the weather of stations, and what is known of meters.

    Raises:
        BundleError: One needs the grid's status, or weather or what is known of meters where there is none.
    """
    at_hand = (model_columns(), static_columns_of(features)) if reads_store else ()
    lacking = uncomputable(features, *at_hand)
    if lacking:
        inputs = sorted({name for feature in lacking for name in feature.inputs})
        raise BundleError(
            f"The transformer has no {' and no '.join(inputs)} to compute the bundle's features "
            f"{', '.join(feature.label for feature in lacking)} from.",
            "Train it without them, or read from the feature store what it may hold (`--feature_reader feast`).",
        )
