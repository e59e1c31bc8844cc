"""Imports a table as a dataset of the home, with pseudonyms in place of meter numbers."""

import re

from metrify.config import Home
from metrify.errors import DatasetError
from metrify.privacy.pseudonyms import PSEUDONYM_KEY_FILE, load_or_create_key
from metrify.readings.dataset import write_dataset
from metrify.readings.sources import SOURCES
from metrify.readings.sources.table import TableSource, read_table
from metrify.steps.ingest_readings import with_pseudonyms

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def import_dataset(source: TableSource, replace: bool = False, home: Home | None = None) -> dict[str, float]:
    """Writes a table as the dataset folder `datasets/<name>` of the home. It is complete or it is not there.

    Args:
        source: The table and what its cells mean.
        replace: Whether a dataset of the same name may be replaced.
        home: Where datasets and the pseudonym key lie.

    Returns:
        `meters`, `readings`, `missing_readings` (rows without a value) and `silent_meters` (listed, without a reading).

    Raises:
        DatasetError: The name does not fit, is taken, or the table can't be read.
        ReadingsError: A column, unit, time zone, stamp or value does not fit.
    """
    home = home or Home.from_environment()
    folder = home.datasets / source.name
    if not _NAME.fullmatch(source.name):
        raise DatasetError(
            f"{source.name!r} can't name a dataset.",
            "Use 1 to 64 letters, digits, dots, dashes and underscores, and begin with a letter or digit.",
        )
    if source.name in SOURCES:
        raise DatasetError(f"{source.name!r} is a built-in dataset.", "Choose another name.")
    if folder.exists() and not replace:
        raise DatasetError(
            f"There is a dataset {source.name!r} already.", "Choose another name, or replace it with `--replace`."
        )
    table = read_table(source)
    dataset = with_pseudonyms(table.dataset, load_or_create_key(home.keys / PSEUDONYM_KEY_FILE))
    write_dataset(dataset, folder)
    return {
        "meters": len(dataset.meters),
        "readings": len(dataset.readings),
        "missing_readings": table.missing,
        "silent_meters": table.silent_meters,
    }
