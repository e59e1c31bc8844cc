"""The meter-days of a dataset that a detector is trained and judged on."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from metrify.anomaly.meter_days import MeterDays, find_meter_days
from metrify.config import MetrifyConfig
from metrify.errors import ConfigError
from metrify.readings.dataset import DatasetInfo
from metrify.readings.splits import split_meters_by_group
from metrify.steps.accepted_readings import load_measured_readings


@dataclass(frozen=True, eq=False)
class MeasuredDays:
    """Days of meters as they were measured, and which meters are for what.

    Attributes:
        info: The dataset's description.
        days: Of all accepted meters.
        is_test: `[M]` bool, the meters that a detector is judged on; the others train it.
    """

    info: DatasetInfo
    days: MeterDays
    is_test: np.ndarray


def load_measured_days(dataset: Path, verdicts: Path, config: MetrifyConfig) -> MeasuredDays:
    """Reads the accepted meters of a dataset, faults and all, and splits them by meter.

    Args:
        dataset: Dataset folder.
        verdicts: Folder of `validate_readings`.
        config: Splits, the detector's history, and what the feature store keeps for a server to read.

    Raises:
        AnomalyError: The readings are too short.
        ConfigError: A server would not find as many days in the feature store as the detector reads.
        DatasetError: The dataset or the verdicts can't be read.
    """
    info, meters, matrix = load_measured_readings(dataset, verdicts)
    groups, history_days = meters["group"].to_numpy(str), config.training.anomaly_detection.history_days
    days = find_meter_days(matrix, history_days, info.timezone, info.country, groups)
    needed, kept = days.context.sequence_length, config.feature_engineering.lookback_window
    if needed > kept:
        raise ConfigError(
            f"A detector reads {needed} intervals of {info.resolution_minutes} minutes, and the feature store keeps "
            f"{kept} (feature_engineering.lookback_window).",
            "Raise lookback_window, or lower training.anomaly_detection.history_days.",
        )
    sides = split_meters_by_group(meters, config.splits).loc[list(matrix.meter_ids)]
    return MeasuredDays(info, days, (sides == "test").to_numpy())
