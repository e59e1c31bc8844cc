"""Finds a source by its name: the sources we know, and the datasets that were imported."""

from pathlib import Path

from metrify.errors import DatasetError
from metrify.readings.dataset import INFO_FILE, Dataset, read_dataset
from metrify.readings.sources.london import LONDON_NAME, locate_london_households, read_london_households
from metrify.readings.sources.simbench import SIMBENCH_NAME, read_simbench_loads

SOURCES = (SIMBENCH_NAME, LONDON_NAME)


def imported_names(datasets: Path) -> tuple[str, ...]:
    """Names of the imported datasets, sorted."""
    return tuple(sorted(path.parent.name for path in datasets.glob(f"[!.]*/{INFO_FILE}")))


def locate_source(name: str, data_dir: Path | None, datasets: Path) -> Path | None:
    """The file or folder that a source is read from; None for one that comes with the packages.

    Args:
        name: One of `SOURCES`, or an imported dataset.
        data_dir: Folder of measured public sets, for the sources that need one.
        datasets: Folder of the imported datasets.

    Raises:
        DatasetError: The name is unknown, or the source's file is missing.
    """
    if name == SIMBENCH_NAME:
        return None
    if name == LONDON_NAME:
        return locate_london_households(data_dir)
    imported = imported_names(datasets)
    if name in imported:
        return datasets / name
    raise DatasetError(
        f"There is no dataset {name!r}.",
        f"Use one of {', '.join((*SOURCES, *imported))}, or import it with `metrify data import`.",
    )


def open_source(name: str, path: Path | None) -> Dataset:
    """Reads a source from where `locate_source` found it.

    Raises:
        DatasetError: It is unreadable.
    """
    if path is None:
        return read_simbench_loads()
    if name == LONDON_NAME:
        return read_london_households(path)
    return read_dataset(path)
