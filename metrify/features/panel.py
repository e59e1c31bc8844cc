"""Features of all meters at all times, for models that learn from tables and for studies."""

from collections.abc import Iterable, Mapping
from typing import Protocol, runtime_checkable

import numpy as np

from metrify.errors import ConfigError
from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.specification import Feature
from metrify.readings.matrix import ReadingsMatrix


class PanelSource(Protocol):
    """Computes one feature of a panel, or several in one go."""

    def fill_panel(
        self, matrix: ReadingsMatrix, context: FeatureContext, first: int, columns: Mapping[str, np.ndarray]
    ) -> None:
        """Fills `[M, O]` float32 by feature name at the starts of the intervals from `first` on."""


@runtime_checkable
class PanelFunction(Protocol):
    """A feature's function that gives one number to an origin."""

    def __call__(self, batch: FeatureBatch) -> np.ndarray:
        """At the origins of a batch, `[N]`."""

    @property
    def source(self) -> PanelSource:
        """What computes it for panels; functions with equal sources are computed together."""


def compute_panel(
    features: Iterable[Feature], matrix: ReadingsMatrix, context: FeatureContext, first: int, last: int
) -> dict[str, np.ndarray]:
    """Computes features at the starts of the intervals `first`, ..., `last` of a matrix, as `compute_features` would.

    A value at an origin is computed from the meter's own readings before it. At early origins, where the matrix does
    not reach back far enough, a lag is NaN; a rolling statistic is, until half of its window is there.

    Args:
        features: Of those that give one number to an origin: lags, rolling statistics and the calendar of the origin.
        matrix: Readings `[M, T]`.
        context: The place and resolution of the readings; its lengths are not used.
        first: The first origin, in intervals from the start of the matrix, at least 0.
        last: The last origin, at most T; there all T readings are in the past.

    Returns:
        `[M, last - first + 1]` float32 by feature name; all are parts of one allocation.

    Raises:
        ConfigError: A feature gives no single number or needs more history than there is, or the origins or the
            resolution don't fit the matrix.
    """
    features = tuple(features)
    meters, intervals = matrix.kwh.shape
    if not 0 <= first <= last <= intervals:
        raise ConfigError(
            f"Origins from {first} to {last} are not within the {intervals} intervals of the readings.",
            f"Choose 0 <= first <= last <= {intervals}.",
        )
    if matrix.resolution_minutes != context.resolution_minutes:
        raise ConfigError(
            f"The readings have intervals of {matrix.resolution_minutes} minutes and the context says "
            f"{context.resolution_minutes}.",
            "Give the context the resolution of the readings.",
        )
    columns = np.empty((len(features), meters, last - first + 1), dtype=np.float32)
    panel = {feature.name: column for feature, column in zip(features, columns, strict=True)}
    for source, names in _names_by_source(features).items():
        source.fill_panel(matrix, context, first, {name: panel[name] for name in names})
    return panel


def _names_by_source(features: Iterable[Feature]) -> dict[PanelSource, list[str]]:
    names: dict[PanelSource, list[str]] = {}
    for feature in features:
        if not isinstance(feature.function, PanelFunction):
            raise ConfigError(
                f"{feature.label} gives no single number to an origin.", "Leave it out, or use compute_features."
            )
        names.setdefault(feature.function.source, []).append(feature.name)
    return names
