"""Features by the names that people type."""

from metrify.adapters.feature_store import FEATURES as STORED_FIELDS
from metrify.errors import UsageError
from metrify.features.specification import FEATURES, Feature, static_feature
from metrify.features.static_code import STATIC_PREFIX

STORED = tuple(field.partition(":")[2] for field in STORED_FIELDS)


def find_feature(name: str) -> Feature:
    """A feature of the specification by its name or label, or that of any static column.

    Raises:
        UsageError: The specification has no such feature.
    """
    static = [static_feature(name.partition("@")[0].removeprefix(STATIC_PREFIX))]
    for feature in (*FEATURES, *static):
        if name in (feature.name, feature.label):
            return feature
    raise UsageError(
        f"There is no feature {name!r}; the specification has {', '.join(feature.label for feature in FEATURES)}, "
        f"and {STATIC_PREFIX}<column>@1 of a dataset's meters.",
        "Add it to metrify/features/specification.py, so that training and serving share it.",
    )


def find_stored_feature(name: str) -> Feature:
    """A feature whose values are stored, and not computed when they are needed.

    Raises:
        UsageError: The specification has no such feature, or it is not stored.
    """
    feature = find_feature(name)
    if not is_stored(feature):
        raise UsageError(
            f"{feature.label} is not stored: it is computed from the {', '.join(feature.inputs)} when it is needed.",
            "Store load_window.",
        )
    return feature


def is_stored(feature: Feature) -> bool:
    """Whether the values of a feature are stored."""
    return feature.name in STORED
