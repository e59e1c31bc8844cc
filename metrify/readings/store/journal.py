"""What was imported into a dataset, arrival by arrival: `imports.json`."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

JOURNAL_FILE = "imports.json"


@dataclass(frozen=True)
class Arrival:
    """One import.

    Attributes:
        data_version: Its number, from 1. Who saw the readings of data version 7 saw the first seven imports.
        digest: SHA-256 of the file and of how it was read. The same once more changes nothing.
        imported_at: RFC 3339, UTC.
        settings: How the file was read: `columns`, `unit`, `is_register`, `register_digits` and `version_kind`, which
            is `number` or `stamp` where the rows had versions of their own and None where they had not.
        added: Readings of intervals that had none.
        corrected: Readings with another value than the one that counted before.
        withdrawn: Readings that registers don't say any more, since one of them was corrected.
        duplicates: Rows that were known.
        superseded: Rows that arrived with a lower version than one that was known.
        missing: Rows without a value.
    """

    data_version: int
    digest: str
    imported_at: str
    settings: dict[str, Any]
    added: int
    corrected: int
    withdrawn: int
    duplicates: int
    superseded: int
    missing: int


def read_journal(folder: Path) -> list[Arrival]:
    """The imports of a dataset, oldest first; none where it was not imported."""
    path = folder / JOURNAL_FILE
    if not path.is_file():
        return []
    return [Arrival(**arrival) for arrival in json.loads(path.read_text(encoding="utf-8"))]


def write_journal(folder: Path, arrivals: list[Arrival]) -> None:
    """Writes the imports of a dataset, oldest first."""
    text = json.dumps([asdict(arrival) for arrival in arrivals], indent=1)
    (folder / JOURNAL_FILE).write_text(text + "\n", encoding="utf-8")
