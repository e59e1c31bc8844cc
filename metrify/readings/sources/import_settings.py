"""How the files of a dataset are read: what an import has to share with those before it."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from metrify.errors import DatasetOptionError, ReadingsError
from metrify.readings.dataset import DatasetInfo, read_info
from metrify.readings.sources.table_file import column_names
from metrify.readings.sources.table_source import TableSource
from metrify.readings.store.journal import Arrival, read_journal

_NOT_STATED = "not stated"
_PLACE_OPTIONS = {"resolution_minutes": "--resolution", "timezone": "--timezone", "country": "--country"}
_PLACE_FIELDS = tuple(_PLACE_OPTIONS)
_ROW_FIELDS = (*_PLACE_FIELDS, "columns", "unit", "is_register", "register_digits")


def remembered_settings(folder: Path) -> dict[str, Any]:
    """What the newest import of a dataset was told, by the names of `TableSource`: good defaults for the next one."""
    arrivals = read_journal(folder)
    if not arrivals:
        return {}
    info = read_info(folder)
    told = {name: value for name, value in arrivals[-1].settings.items() if name != "version_kind"}
    return told | {name: getattr(info, name) for name in _PLACE_FIELDS}


def settings_of(source: TableSource, version_kind: str | None) -> dict[str, Any]:
    """What an import was told, for the journal."""
    return {
        "columns": dict(source.columns),
        "meter_columns": dict(source.meter_columns),
        "unit": source.unit,
        "is_register": source.is_register,
        "register_digits": source.register_digits,
        "version_kind": version_kind,
    }


def check_settings(source: TableSource, known: Path, arrivals: list[Arrival]) -> None:
    """Checks that a file can be added to a dataset.

    Raises:
        DatasetError: The file is missing or unreadable.
        ReadingsError: The dataset was not made by an import, or the file lacks a column that was remembered.
        DatasetOptionError: The file is told to be of another resolution, place or kind of values.
    """
    if not arrivals:
        raise ReadingsError(
            f"The dataset {source.name!r} does not say how it was imported.", "Import it anew, with `--replace`."
        )
    _check_place(source, known)
    first = arrivals[0].settings
    if first["is_register"] != source.is_register:
        values = "registers" if first["is_register"] else "intervals"
        mend = "Add `--register`" if first["is_register"] else "Leave out `--register`"
        raise DatasetOptionError(
            f"The dataset {source.name!r} was imported as {values}.",
            f"{mend}, or import the file as a dataset of its own.",
        )
    if (first["version_kind"] is not None) != source.has_versions:
        rows = "has" if first["version_kind"] else "has no"
        mend = "Name" if first["version_kind"] else "Leave out"
        raise DatasetOptionError(
            f"The dataset {source.name!r} was begun with a file that {rows} versions.",
            f"{mend} `--column version=...`, or import the file as a dataset of its own.",
        )
    _check_remembered_columns(source, arrivals[-1].settings["columns"])


def check_version_kind(source: TableSource, kinds: set[str | None], arrivals: list[Arrival]) -> str | None:
    """The kind of a file's versions.

    Args:
        source: The file.
        kinds: Kinds of its parts.
        arrivals: The imports before it.

    Raises:
        ReadingsError: Its parts have versions of different kinds, or the files before it had another.
    """
    kinds = kinds | {arrival.settings["version_kind"] for arrival in arrivals}
    if len(kinds) > 1:
        raise ReadingsError(
            f"{source.path.name}: the column {source.titles['version']!r} has whole numbers, and the dataset time "
            "stamps, or the other way round.",
            "Write all versions in one way; a date is 2024-03-01, not 20240301.",
        )
    return next(iter(kinds), None)


def info_of(source: TableSource, known: Path | None) -> DatasetInfo:
    """The description of the dataset; licence and citation are the newest that were stated."""
    licence, citation = source.licence, source.citation
    if known is not None:
        before = read_info(known)
        licence = before.licence if licence == _NOT_STATED else licence
        citation = before.citation if citation == _NOT_STATED else citation
    return DatasetInfo(source.name, source.resolution_minutes, source.timezone, source.country, licence, citation)


def digest_readings(source: TableSource) -> str:
    """SHA-256 of the readings' file and of how it is read, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    if source.path.is_file():
        with source.path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    told = asdict(source)
    digest.update(repr([(name, told[name]) for name in _ROW_FIELDS]).encode())
    return digest.hexdigest()


def _check_place(source: TableSource, known: Path) -> None:
    before = read_info(known)
    for name in _PLACE_FIELDS:
        ours, theirs = getattr(before, name), getattr(source, name)
        if ours != theirs:
            raise DatasetOptionError(
                f"The dataset {before.name!r} has {name.replace('_', ' ')} {ours}, and the table {theirs}.",
                f"Leave out `{_PLACE_OPTIONS[name]}`, or import the table as a dataset of its own.",
            )


def _check_remembered_columns(source: TableSource, remembered: Mapping[str, str]) -> None:
    names = column_names(source.path)
    absent = [ours for ours, theirs in source.columns.items() if remembered.get(ours) == theirs and theirs not in names]
    if not absent:
        return
    named = {
        ours: theirs if theirs in names else ours if ours in names else "NAME"
        for ours, theirs in source.columns.items()
    }
    raise ReadingsError(
        f"{source.path.name} lacks the column {source.columns[absent[0]]!r}, the name of {absent[0]} that is "
        f"remembered from the earlier import; it has {', '.join(map(repr, names))}.",
        f"Name the right one, `{' '.join(f'--column {ours}={theirs}' for ours, theirs in named.items())}`.",
    )
