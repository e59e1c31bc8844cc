"""Measured London households of 2013, from a local copy of the public set."""

from pathlib import Path

import numpy as np
import pandas as pd

from metrify.errors import DatasetError
from metrify.readings.dataset import Dataset, DatasetInfo

LONDON_NAME = "london_hourly_2013"


def locate_london_households(data_dir: Path | None) -> Path:
    """The file `london_hourly_2013.parquet` of a folder.

    Raises:
        DatasetError: The folder is not named, or lacks the file.
    """
    if data_dir is None:
        raise DatasetError(
            f"The dataset {LONDON_NAME} is not shipped.", "Set METRIFY_DATA_DIR to the folder that holds it."
        )
    path = data_dir / f"{LONDON_NAME}.parquet"
    if not path.is_file():
        raise DatasetError(f"There is no file {path}.", "Set METRIFY_DATA_DIR to the folder that holds it.")
    return path


def read_london_households(path: Path) -> Dataset:
    """Hourly consumption of 618 households.

    Args:
        path: Parquet file of `meter_id`, `timestamp` (UTC) and `kwh` per hour.

    Raises:
        DatasetError: The file is unreadable.
    """
    try:
        readings = pd.read_parquet(path, columns=["meter_id", "timestamp", "kwh"])
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path} can't be read as Parquet: {error}.", "Fetch it again.") from error
    stamps = pd.to_datetime(readings["timestamp"], utc=True).dt.as_unit("us")
    readings = readings.assign(
        meter_id=readings["meter_id"].astype(str), timestamp=stamps, kwh=readings["kwh"].astype(np.float32)
    )
    numbers = readings["meter_id"].unique()
    info = DatasetInfo(
        name=LONDON_NAME,
        resolution_minutes=60,
        timezone="Europe/London",
        country="GB",
        licence="London Datastore terms",
        citation="UK Power Networks, SmartMeter Energy Consumption Data in London Households",
    )
    return Dataset(info, readings, pd.DataFrame({"meter_id": numbers, "group": numbers, "district": "London"}))
