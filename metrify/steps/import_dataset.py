"""Imports a table as a dataset of the home, with pseudonyms in place of meter numbers."""

import re
import shutil
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from metrify.anomaly.kinds import LABEL_KINDS
from metrify.config import Home
from metrify.errors import DatasetError, DatasetOptionError
from metrify.privacy.pseudonyms import PSEUDONYM_KEY_FILE, load_or_create_key, pseudonyms_of
from metrify.readings.dataset import recover_folder, replace_folder
from metrify.readings.sources import SOURCES
from metrify.readings.sources.import_table import ImportedTable, import_table
from metrify.readings.sources.table_source import TableSource
from metrify.steps.lock import dataset_lock

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def import_dataset(
    source: TableSource,
    replace: bool = False,
    append: bool = False,
    home: Home | None = None,
    progress: Callable[[str, int], None] = lambda stage, rows: None,
) -> ImportedTable:
    """Writes a table into the dataset folder `datasets/<name>` of the home. It is complete or it is as it was.

    Args:
        source: The table and what its cells mean.
        replace: Whether it takes the place of a dataset of the same name.
        append: Whether it is added to the dataset of the same name: further, late and corrected readings.
        home: Where datasets and the pseudonym key lie.
        progress: Told the stage and how many rows it has done.

    Raises:
        DatasetError: The name does not fit, is taken or unknown, or the table can't be read.
        DatasetOptionError: There is no dataset to add to, or it is of another resolution, place or kind of values.
        ReadingsError: A column, unit, time zone, stamp or value does not fit, or rows contradict each other.
    """
    home = home or Home.from_environment()
    folder = home.datasets / source.name
    check_name(source.name)
    partial = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    with dataset_lock(home, source.name):
        recover_folder(folder)
        _check_choice(folder, replace, append)
        key = load_or_create_key(home.keys / PSEUDONYM_KEY_FILE)

        def rename(numbers: Sequence[str]) -> list[str]:
            pseudonyms = pseudonyms_of(numbers, key)
            return [pseudonyms[number] for number in numbers]

        partial.mkdir(parents=True)
        try:
            known = folder if append else None
            now = datetime.now(UTC).isoformat(timespec="seconds")
            imported = import_table(source, known, partial, rename, now, progress, LABEL_KINDS)
            if not imported.is_replay or imported.has_surroundings:
                if known:
                    _carry_over(known, partial)
                replace_folder(partial, folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return imported


def check_name(name: str) -> None:
    """Checks that a dataset can have a name.

    Raises:
        DatasetError: It is not a name of a folder, or that of a built-in dataset.
    """
    if not _NAME.fullmatch(name):
        raise DatasetError(
            f"{name!r} can't name a dataset.",
            "Use 1 to 64 letters, digits, dots, dashes and underscores, and begin with a letter or digit.",
        )
    if name in SOURCES:
        raise DatasetError(f"{name!r} is a built-in dataset.", "Choose another name.")


def _check_choice(folder: Path, replace: bool, append: bool) -> None:
    if folder.exists() and not (replace or append):
        raise DatasetError(
            f"There is a dataset {folder.name!r} already.",
            "Add to it with `--append`, replace it with `--replace`, or choose another name.",
        )
    if append and not folder.exists():
        raise DatasetOptionError(f"There is no dataset {folder.name!r} to add to.", "Import it without `--append`.")


def _carry_over(known: Path, new: Path) -> None:
    """Keeps the files of a dataset that an import does not write: weather, labels, released readings and the like."""
    for path in known.iterdir():
        if path.is_file() and not (new / path.name).exists():
            shutil.copy2(path, new / path.name)
