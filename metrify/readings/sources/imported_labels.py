"""Labels of an import, joined with those that a dataset has."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from metrify.readings.dataset import read_optional
from metrify.readings.labels import LABELS_FILE
from metrify.readings.sources.imported_meters import Rename
from metrify.readings.sources.table_faults import refuse_rows
from metrify.readings.sources.table_labels import add_labels, read_labels
from metrify.readings.sources.table_source import TableSource


def read_new_labels(source: TableSource, kinds: Sequence[str], rename: Rename) -> pd.DataFrame | None:
    """The labels that an import brings; None where it brings none.

    They are read before the readings, of which there may be many, so that what is wrong with them is told at once.

    Raises:
        DatasetError: The file is missing or unreadable.
        ReadingsError: A column or cell does not fit, or two rows are of one event.
    """
    if source.labels is None:
        return None
    return read_labels(source.labels, source.titles, source.timezone, kinds, rename)


def write_labels(
    source: TableSource, new: pd.DataFrame | None, meters: pd.Series, known: Path | None, output: Path
) -> int:
    """Writes the labels that an import brings, together with those that are known.

    Args:
        source: The import.
        new: Its labels, as `read_new_labels` returns them.
        meters: Ids of all meters of the dataset.
        known: Folder of the dataset that they are added to; None begins a new one.
        output: Folder to write.

    Returns:
        How many there are now; 0 where the import brings none.

    Raises:
        ReadingsError: A label is of a meter that the dataset does not have.
    """
    if source.labels is None or new is None:
        return 0
    is_unknown = ~new["meter_id"].isin(meters).to_numpy()
    mend = "Write meter numbers as the readings do, and import readings of these meters first or leave the rows out."
    fault = "a meter without any reading in the dataset"
    refuse_rows(source.labels.name, is_unknown, fault, new.index.to_numpy(), mend)
    labels = add_labels(read_optional(known / LABELS_FILE) if known else None, new)
    labels.to_parquet(output / LABELS_FILE, index=False, compression="zstd")
    return len(labels)
