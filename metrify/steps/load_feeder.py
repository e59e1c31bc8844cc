"""Reads a feeder, by its name, into a folder that the other steps of a training read."""

from pathlib import Path

from metrify.config import Home
from metrify.grid.feeder_files import write_feeder
from metrify.readings.sources.simbench import GRIDS
from metrify.steps.find_feeder import find_feeder
from metrify.steps.lock import dataset_lock
from metrify.steps.reuse import reusable


def load_feeder(source: str, output: Path, home: Home | None = None) -> dict[str, float]:
    """Writes the folder of a feeder with its profiles.

    Args:
        source: One of SimBench's grids, or an imported feeder.
        output: Folder to write.
        home: Where imported feeders lie.

    Returns:
        How many loads, inverters, batteries and days there are.

    Raises:
        GridError: There is no such feeder, or its files are damaged.
    """
    home = home or Home.from_environment()
    if source in GRIDS:
        return _load(source, None, output, home)
    find_feeder(source, home)  # who names none is told so first
    with dataset_lock(home, source):  # no import changes it while its contents are digested and copied
        return _load(source, home.feeders / source, output, home)


@reusable(outputs=("output",))
def _load(source: str, location: Path | None, output: Path, home: Home) -> dict[str, float]:
    stored = find_feeder(source, home)
    write_feeder(output, stored)
    feeder, profiles = stored.feeder, stored.profiles
    return {
        "loads": len(feeder.load_names),
        "inverters": len(feeder.pv_names),
        "batteries": len(feeder.batteries),
        "days": len(profiles) * profiles.hours / 24,
    }
