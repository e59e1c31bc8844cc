"""A dataset is a folder: `readings.parquet`, `meters.parquet`, `dataset.yaml`, perhaps weather, grid status, labels."""

import hashlib
import shutil
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd
import yaml

from metrify.errors import DatasetError
from metrify.readings.grid_status import GRID_STATUS_FILE, check_grid_status
from metrify.readings.labels import LABELS_FILE, check_labels
from metrify.readings.schema import READINGS_COLUMNS, check_readings
from metrify.readings.weather import WEATHER_FILE, check_weather

READINGS_FILE = "readings.parquet"
METERS_FILE = "meters.parquet"
INFO_FILE = "dataset.yaml"
OPTIONAL_FILES = (WEATHER_FILE, GRID_STATUS_FILE, LABELS_FILE)


@dataclass(frozen=True)
class DatasetInfo:
    """What `dataset.yaml` says.

    Attributes:
        name: Name of the dataset.
        resolution_minutes: Length of an interval.
        timezone: IANA name of the local time that calendar features are computed in.
        country: ISO 3166 code whose public holidays count.
        licence: Under what terms the readings may be used.
        citation: How to cite them.
        zeros_are_missing: Whether whoever published the readings wrote 0 where a reading was missing.
    """

    name: str
    resolution_minutes: int
    timezone: str
    country: str
    licence: str
    citation: str
    zeros_are_missing: bool = False


@dataclass(frozen=True)
class Dataset:
    """Readings and meters in memory.

    Attributes:
        info: The dataset's description.
        readings: `meter_id`, `timestamp`, `kwh`; see `metrify.readings.schema`.
        meters: `meter_id`, `group` (meters whose loads are copies of one profile share it), `district`, and perhaps
            `station_id` and `feeder_id`.
        weather: Observed and forecast weather of the place, see `metrify.readings.weather`; None where there is none.
        grid_status: Measured status of the feeders, see `metrify.readings.grid_status`; None where there is none.
        labels: What was found to be wrong with meters, see `metrify.readings.labels`; None where there are none.
    """

    info: DatasetInfo
    readings: pd.DataFrame
    meters: pd.DataFrame
    weather: pd.DataFrame | None = None
    grid_status: pd.DataFrame | None = None
    labels: pd.DataFrame | None = None


def write_dataset(dataset: Dataset, folder: Path) -> None:
    """Writes a dataset folder in one step: it is complete or it is not there.

    Raises:
        ReadingsError: The readings break their contract.
    """
    readings = check_readings(dataset.readings)
    partial = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    partial.mkdir(parents=True)
    try:
        readings.to_parquet(partial / READINGS_FILE, index=False, compression="zstd")
        dataset.meters.to_parquet(partial / METERS_FILE, index=False, compression="zstd")
        if dataset.weather is not None:
            check_weather(dataset.weather).to_parquet(partial / WEATHER_FILE, index=False, compression="zstd")
        if dataset.grid_status is not None:
            status = check_grid_status(dataset.grid_status)
            status.to_parquet(partial / GRID_STATUS_FILE, index=False, compression="zstd")
        if dataset.labels is not None:
            check_labels(dataset.labels).to_parquet(partial / LABELS_FILE, index=False, compression="zstd")
        write_info(partial, dataset.info)
        replace_folder(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def replace_folder(new: Path, folder: Path) -> None:
    """Puts a new folder in the place of another one. Where that is interrupted, `recover_folder` mends it."""
    old = _replaced(folder)
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.replace(old)
    new.replace(folder)
    shutil.rmtree(old, ignore_errors=True)


def recover_folder(folder: Path) -> None:
    """Puts back a folder that was being replaced when the process was stopped."""
    old = _replaced(folder)
    if old.exists() and not folder.exists():
        old.replace(folder)


def _replaced(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.replaced")


def write_info(folder: Path, info: DatasetInfo) -> None:
    """Writes the `dataset.yaml` of a folder."""
    (folder / INFO_FILE).write_text(yaml.safe_dump(asdict(info), sort_keys=False), encoding="utf-8")


def read_info(folder: Path) -> DatasetInfo:
    """What the `dataset.yaml` of a folder says."""
    return DatasetInfo(**yaml.safe_load((folder / INFO_FILE).read_text(encoding="utf-8")))


def read_dataset(folder: Path) -> Dataset:
    """Reads a dataset folder.

    Raises:
        DatasetError: The folder or one of its files is missing or unreadable.
    """
    try:
        info = read_info(folder)
        readings = pd.read_parquet(folder / READINGS_FILE, columns=list(READINGS_COLUMNS))
        meters = pd.read_parquet(folder / METERS_FILE)
        weather, grid_status, labels = (read_optional(folder / name) for name in OPTIONAL_FILES)
    except FileNotFoundError as error:
        raise DatasetError(
            f"The dataset {folder} lacks {Path(error.filename or '').name}.",
            "Import it again with `metrify data import`.",
        ) from error
    except (OSError, TypeError, ValueError, yaml.YAMLError) as error:
        raise DatasetError(f"The dataset {folder} can't be read: {error}.", "Import it again.") from error
    return Dataset(info, readings, meters, weather, grid_status, labels)


def read_optional(path: Path) -> pd.DataFrame | None:
    """A file that a dataset may lack; None where it does."""
    return pd.read_parquet(path) if path.is_file() else None


def fingerprint(folder: Path) -> str:
    """SHA-256 over a dataset's files, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for name in (READINGS_FILE, METERS_FILE, INFO_FILE, *OPTIONAL_FILES):
        if name in OPTIONAL_FILES and not (folder / name).exists():
            continue
        with (folder / name).open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
