"""Weather and grid status of an import, joined with what a dataset knows of them."""

from pathlib import Path

import pandas as pd

from metrify.readings.dataset import read_optional
from metrify.readings.grid_status import GRID_STATUS_FILE
from metrify.readings.sources.table_grid_status import add_grid_status, read_grid_status
from metrify.readings.sources.table_source import TableSource
from metrify.readings.sources.table_weather import add_weather, read_weather
from metrify.readings.weather import WEATHER_FILE


def write_surroundings(source: TableSource, known: Path | None, output: Path) -> None:
    """Writes the weather and the grid status that an import brings, together with what is known.

    Args:
        source: The import.
        known: Folder of the dataset that it is added to; None begins a new one.
        output: Folder to write.

    Raises:
        DatasetError: A file is missing or unreadable.
        ReadingsError: A column or cell does not fit.
    """
    for name, frame in ((WEATHER_FILE, _weather(source, known)), (GRID_STATUS_FILE, _grid_status(source, known))):
        if frame is not None:
            frame.to_parquet(output / name, index=False, compression="zstd")


def _weather(source: TableSource, known: Path | None) -> pd.DataFrame | None:
    if source.weather is None:
        return None
    new = read_weather(source.weather, source.timezone, source.resolution_minutes)
    return add_weather(read_optional(known / WEATHER_FILE) if known else None, new)


def _grid_status(source: TableSource, known: Path | None) -> pd.DataFrame | None:
    if source.grid_status is None:
        return None
    new = read_grid_status(source.grid_status, source.timezone, source.resolution_minutes)
    return add_grid_status(read_optional(known / GRID_STATUS_FILE) if known else None, new)
