"""Weather and grid status of a dataset folder, which several steps put into the feature store."""

from pathlib import Path

from metrify.features.surroundings import Surroundings
from metrify.readings.dataset import read_optional
from metrify.readings.grid_status import GRID_STATUS_FILE
from metrify.readings.weather import WEATHER_FILE


def load_surroundings(dataset: Path) -> Surroundings:
    """What a dataset has of them."""
    return Surroundings(read_optional(dataset / WEATHER_FILE), read_optional(dataset / GRID_STATUS_FILE))
