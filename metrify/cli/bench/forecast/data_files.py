"""Reads the files that the protocols are made of, wherever copies of public sets lie."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from metrify.config import Home
from metrify.config.home import DATA_VARIABLE
from metrify.errors import DatasetError

Filters = list[tuple[str, str, object]]


def read_data_file(stem: str, columns: Sequence[str], filters: Filters | None = None) -> pd.DataFrame:
    """Some rows and columns of a Parquet file.

    Args:
        stem: Name of the file without its ending.
        columns: Which columns.
        filters: Which rows, as `pandas.read_parquet` takes them.

    Raises:
        DatasetError: No folder has the file, or it can't be read.
    """
    folders = Home.from_environment().public_folders()
    paths = [folder / f"{stem}.parquet" for folder in folders if (folder / f"{stem}.parquet").is_file()]
    if not paths:
        raise DatasetError(
            f"There is no file {stem}.parquet.", f"Set {DATA_VARIABLE} to the folder that holds it, with those beside."
        )
    try:
        frame = pd.read_parquet(paths[0], columns=list(columns), filters=filters)
    except (OSError, ValueError) as error:
        raise DatasetError(f"{paths[0]} can't be read: {error}.", "Fetch it again.") from error
    stamps = pd.to_datetime(frame["timestamp"], utc=True).dt.as_unit("us") if "timestamp" in frame else None
    return frame if stamps is None else frame.assign(timestamp=stamps)


def read_readings(stem: str, filters: Filters | None = None) -> pd.DataFrame:
    """Some readings: `meter_id`, `timestamp` and `kwh`.

    Args:
        stem: Name of the file without its ending.
        filters: Which rows.

    Raises:
        DatasetError: No folder has the file, or it can't be read.
    """
    frame = read_data_file(stem, ("meter_id", "timestamp", "kwh"), filters)
    return frame.assign(meter_id=frame["meter_id"].astype(str), kwh=frame["kwh"].astype(np.float32))
