"""Whether two folders of one name hold the same dataset, which only grew."""

from pathlib import Path

from metrify.readings.store.journal import read_journal


def first_import(folder: Path) -> str:
    """Digest of the first import of a dataset, which further imports leave; empty where it was not imported."""
    journal = read_journal(folder)
    return journal[0].digest if journal else ""
