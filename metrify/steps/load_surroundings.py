"""Weather and grid status of a dataset folder, which several steps put into the feature store."""

from pathlib import Path

import pandas as pd

from metrify.features.surroundings import Surroundings
from metrify.readings.dataset import METERS_FILE, read_optional
from metrify.readings.grid_status import GRID_STATUS_FILE
from metrify.readings.weather import WEATHER_FILE


def load_surroundings(dataset: Path) -> Surroundings:
    """What a dataset has of them, and its meters."""
    return Surroundings(
        read_optional(dataset / WEATHER_FILE),
        read_optional(dataset / GRID_STATUS_FILE),
        pd.read_parquet(dataset / METERS_FILE),
    )
