"""Fits the profile by which windows of new meters are completed."""

from pathlib import Path

from metrify.config import MetrifyConfig
from metrify.features.cold_start import ColdStartProfile, fit_cold_start_profile
from metrify.steps.training_set import read_training_set

_ROWS_AT_ONCE = 2_000


def fit_cold_start(training_set: Path, output: Path, config: MetrifyConfig) -> ColdStartProfile:
    """Writes and returns the profile of the training rows: neither meters nor times of the other sides are in it.

    Args:
        training_set: Folder of `build_training_set`.
        output: JSON file to write.
        config: The section `cold_start`.

    Raises:
        ReadingsError: The training rows don't show the load at every time of the day.
    """
    data = read_training_set(training_set)
    rows = data.rows("train")
    parts = (rows[first : first + _ROWS_AT_ONCE] for first in range(0, len(rows), _ROWS_AT_ONCE))
    batches = ((data.meter_ids[part], data.batch(part)) for part in parts)
    profile = fit_cold_start_profile(batches, config.cold_start.min_days)
    output.write_text(profile.model_dump_json() + "\n", encoding="utf-8")
    return profile


def read_cold_start(path: Path) -> ColdStartProfile:
    """Reads a file of `fit_cold_start`."""
    return ColdStartProfile.model_validate_json(path.read_text(encoding="utf-8"))
