"""Finds a feeder by its name: one of SimBench's grids, or one that was imported."""

from metrify.config import Home
from metrify.errors import GridError
from metrify.grid.feeder_files import FEEDER_FILE, StoredFeeder, read_feeder
from metrify.grid.simbench_feeder import TIMEZONE, read_simbench_feeder
from metrify.readings.sources.simbench import GRIDS


def stored_names(home: Home) -> tuple[str, ...]:
    """Names of the imported feeders, sorted."""
    return tuple(sorted(path.parent.name for path in home.feeders.glob(f"[!.]*/{FEEDER_FILE}")))


def find_feeder(name: str, home: Home) -> StoredFeeder:
    """The feeder of a name, with its profiles.

    Args:
        name: One of `GRIDS`, or of `stored_names`.
        home: Where imported feeders lie.

    Raises:
        GridError: There is none of that name, or its files are damaged.
    """
    if name in GRIDS:
        return StoredFeeder(*read_simbench_feeder(name), TIMEZONE)
    stored = stored_names(home)
    if name in stored:
        return read_feeder(home.feeders / name)
    raise GridError(
        f"There is no feeder {name!r}.",
        f"Use one of {', '.join((*GRIDS, *stored))}, or import it with `metrify data import-feeder`.",
    )
