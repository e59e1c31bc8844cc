"""What a notebook may give to a model: arrays of the right shape without a hole."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from metrify.config.schema import ConsumptionForecastingConfig
from metrify.errors import UsageError
from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.specification import compute_features, select_features


def checked_array(title: str, values: Any, row_shape: tuple[int, ...]) -> np.ndarray:
    """Values as `[N, *row_shape]` float32, N at least 1.

    Raises:
        UsageError: They have another shape, no row, or a value that is not finite.
    """
    try:
        array = np.asarray(values, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{title} is no array of numbers: {error}.", "Give it float kWh.") from error
    if array.shape[1:] != row_shape or not len(array):
        wanted = ", ".join(["N", *map(str, row_shape)])
        raise UsageError(f"{title} has shape {list(array.shape)} where [{wanted}] is needed.", "Cut it to this shape.")
    faulty = int((~np.isfinite(array)).any(axis=tuple(range(1, array.ndim))).sum())
    if faulty:
        raise UsageError(f"{title} has {faulty} row(s) with NaN or infinite values.", "Leave these rows out.")
    return array


def feature_shapes(config: ConsumptionForecastingConfig, resolution_minutes: int) -> dict[str, tuple[int, ...]]:
    """The shape of a row of each feature that a network reads, asked of the features themselves."""
    context = FeatureContext(config.sequence_length, config.forecast_horizon, resolution_minutes, "UTC", "GB")
    window = np.zeros((1, config.sequence_length), dtype=np.float32)
    batch = FeatureBatch(window, np.zeros(1, dtype="datetime64[s]"), context, meter_ids=np.array(["any"]))
    features = compute_features(select_features(include_time_features=True, include_meter=True), batch)
    return {name: values.shape[1:] for name, values in features.items()}


def names_of(arrays: Mapping[str, Any]) -> str:
    """Their names, for a message."""
    return ", ".join(map(str, arrays)) or "no feature"
