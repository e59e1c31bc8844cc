"""Features of the meter's feeder, in each interval of the window. NaN where nothing was known at the origin."""

import numpy as np

from metrify.errors import ConfigError
from metrify.features.batch import FeatureBatch
from metrify.readings.known import KnownGridStatus


def feeder_loading(batch: FeatureBatch) -> np.ndarray:
    """How heavily the feeder was loaded, `[N, sequence_length]` percent of rated power.

    Raises:
        ConfigError: The batch has no grid status.
    """
    return _grid_status(batch, feeder_loading.__name__).loading_percent


def feeder_voltage(batch: FeatureBatch) -> np.ndarray:
    """The feeder's voltage, `[N, sequence_length]` per unit of the nominal one.

    Raises:
        ConfigError: The batch has no grid status.
    """
    return _grid_status(batch, feeder_voltage.__name__).voltage_pu


def _grid_status(batch: FeatureBatch, feature: str) -> KnownGridStatus:
    if batch.grid_status is None:
        raise ConfigError(
            f"{feature} is computed from the grid status, and there is none.",
            "Give the batch the grid status that was known at its origins, or leave the feature out.",
        )
    return batch.grid_status
