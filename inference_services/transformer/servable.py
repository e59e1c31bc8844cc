"""Refuses bundles that the transformer can't feed."""

from collections.abc import Iterable

from metrify.errors import BundleError
from metrify.features.specification import Feature

_AT_HAND = frozenset({"readings", "calendar"})


def require_servable(features: Iterable[Feature]) -> None:
    """Checks that all features are computed from what is at hand at a request: the window and the calendar.

    Args:
        features: Of a bundle.

    Raises:
        BundleError: One needs weather or grid status.
    """
    lacking = [feature for feature in features if not _AT_HAND.issuperset(feature.inputs)]
    if lacking:
        inputs = sorted({name for feature in lacking for name in feature.inputs} - _AT_HAND)
        raise BundleError(
            f"The transformer has no {' and no '.join(inputs)} to compute the bundle's features "
            f"{', '.join(feature.label for feature in lacking)} from.",
            "Train it without them.",
        )
