"""Finds a source by its name: the sources we know, and the datasets that were imported."""

from pathlib import Path

from metrify.errors import DatasetError
from metrify.readings.dataset import INFO_FILE, Dataset, read_dataset
from metrify.readings.sources.public_sets import PUBLIC_SETS, find_public_set, locate_public_set, read_public_set
from metrify.readings.sources.simbench import GRIDS, SIMBENCH_NAME, read_simbench_grid, read_simbench_loads

SOURCES = (SIMBENCH_NAME, *GRIDS, *(public.name for public in PUBLIC_SETS))


def imported_names(datasets: Path) -> tuple[str, ...]:
    """Names of the imported datasets, sorted."""
    return tuple(sorted(path.parent.name for path in datasets.glob(f"[!.]*/{INFO_FILE}")))


def locate_source(name: str, public_folders: list[Path], datasets: Path) -> Path | None:
    """The file or folder that a source is read from; None for one that comes with the packages.

    Args:
        name: One of `SOURCES`, or an imported dataset.
        public_folders: Where copies of public sets are looked for, in this order.
        datasets: Folder of the imported datasets.

    Raises:
        DatasetError: The name is unknown, or the source's file is missing.
    """
    if name == SIMBENCH_NAME or name in GRIDS:
        return None
    public = find_public_set(name)
    if public:
        return locate_public_set(public, public_folders)
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
        return read_simbench_grid(name) if name in GRIDS else read_simbench_loads()
    public = find_public_set(name)
    if public:
        return read_public_set(public, path)
    return read_dataset(path)
