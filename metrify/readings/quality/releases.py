"""Releases: somebody looked at quarantined readings, says why they are right, and lets them through."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from metrify.errors import DatasetError
from metrify.readings.matrix import ReadingsMatrix
from metrify.readings.quality.faults import Fault, parse_faults

RELEASES_FILE = "releases.parquet"
_STAMP = "datetime64[us, UTC]"

RELEASES_SCHEMA = pa.DataFrameSchema(
    {
        "meter_id": pa.Column(str),
        "first": pa.Column(_STAMP),
        "last": pa.Column(_STAMP),
        "reason": pa.Column(str),
        "released_at": pa.Column(_STAMP),
        "because": pa.Column(str, checks=pa.Check.str_length(min_value=1)),
    },
    strict=True,
    coerce=True,
)


def read_releases(folder: Path) -> pd.DataFrame:
    """The releases that lie in a dataset's folder, oldest first.

    Args:
        folder: Dataset folder.

    Returns:
        `meter_id`, `first` and `last` (stamps of the first and the last interval, UTC), `reason` (a name of a fault;
        empty for all of them), `released_at` (UTC) and `because` (text). No rows where nothing was released.

    Raises:
        DatasetError: The file is unreadable or breaks its schema.
    """
    path = folder / RELEASES_FILE
    if not path.exists():
        empty = {name: pd.Series(dtype=str(column.dtype)) for name, column in RELEASES_SCHEMA.columns.items()}
        return pd.DataFrame(empty)
    try:
        return RELEASES_SCHEMA.validate(pd.read_parquet(path), lazy=True)
    except (OSError, ValueError, SchemaErrors) as error:
        reason = " ".join(str(error).split())[:200]
        raise DatasetError(
            f"The releases {path} can't be read: {reason}.", "Remove the file, and release again."
        ) from error


def write_releases(folder: Path, releases: pd.DataFrame) -> None:
    """Writes the releases of a dataset in one step. The folder is made where it is missing.

    Args:
        folder: Dataset folder.
        releases: See `read_releases`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{RELEASES_FILE}.{os.getpid()}"
    try:
        RELEASES_SCHEMA.validate(releases).to_parquet(partial, index=False)
        partial.replace(folder / RELEASES_FILE)
    finally:
        partial.unlink(missing_ok=True)


def forgive_released(faults: np.ndarray, matrix: ReadingsMatrix, releases: pd.DataFrame) -> np.ndarray:
    """The faults that are left after the releases.

    A release with a reason forgives that fault alone: a reading that another fault keeps out stays out.

    Args:
        faults: `[M, T]` bits of `Fault`.
        matrix: The readings that they are of.
        releases: See `read_releases`; those of other meters and times change nothing.

    Returns:
        `[M, T]` uint16.
    """
    left = faults.copy()
    row_of = {meter_id: row for row, meter_id in enumerate(matrix.meter_ids)}
    stamps = matrix.timestamps
    all_faults = Fault(sum(Fault))
    for release in releases[releases["meter_id"].isin(row_of)].to_dict("records"):
        first, end = stamps.searchsorted(release["first"], "left"), stamps.searchsorted(release["last"], "right")
        forgiven = parse_faults(release["reason"]) if release["reason"] else all_faults
        left[row_of[release["meter_id"]], first:end] &= np.uint16(~forgiven & all_faults)
    return left
