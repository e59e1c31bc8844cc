"""Finds a source by its name."""

from pathlib import Path

from metrify.errors import DatasetError
from metrify.readings.dataset import Dataset
from metrify.readings.sources.london import LONDON_NAME, read_london_households
from metrify.readings.sources.simbench import SIMBENCH_NAME, read_simbench_loads

SOURCES = (SIMBENCH_NAME, LONDON_NAME)


def open_source(name: str, data_dir: Path | None) -> Dataset:
    """Reads a named source.

    Args:
        name: One of `SOURCES`.
        data_dir: Folder of measured public sets, for the sources that need one.

    Raises:
        DatasetError: The name is unknown, or the source's file is missing or unreadable.
    """
    if name == SIMBENCH_NAME:
        return read_simbench_loads()
    if name == LONDON_NAME:
        return read_london_households(data_dir)
    raise DatasetError(f"There is no dataset {name!r}.", f"Use one of {', '.join(SOURCES)}.")
