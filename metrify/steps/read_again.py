"""Reads the dataset again that the feature store was filled with, and refuses another one under its name."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from metrify.adapters.materialised_readings import MaterialisedReadings
from metrify.config import Home
from metrify.errors import FeatureStoreError
from metrify.features.surroundings import Surroundings
from metrify.readings.dataset import INFO_FILE, read_info
from metrify.readings.matrix import ReadingsMatrix
from metrify.readings.store.lineage import first_import
from metrify.readings.store.read import newest_data_version
from metrify.steps.accepted_readings import load_served_readings
from metrify.steps.impute_inputs import impute_inputs
from metrify.steps.ingest_readings import ingest_readings
from metrify.steps.load_surroundings import load_surroundings
from metrify.steps.validate_readings import validate_readings

FILL_ANEW = "Run `metrify train`, which fills the store anew."


@dataclass(frozen=True)
class DatasetNow:
    """What a dataset holds now.

    Attributes:
        data_version: Number of the newest import among these readings.
        matrix: The readings of accepted and of new meters `[M, T]`, imputed where the configuration asks for it.
        imputed: `[M, T]` which of them were.
        surroundings: Weather and grid status.
    """

    data_version: int
    matrix: ReadingsMatrix
    imputed: np.ndarray
    surroundings: Surroundings


def read_again(before: MaterialisedReadings, home: Home) -> DatasetNow:
    """Reads and judges the dataset as the store's windows were, by the same configuration.

    Args:
        before: What the store was filled with.
        home: Where the dataset lies.

    Raises:
        FeatureStoreError: The dataset is gone, or another one has its name.
        DatasetError: No meter of it is good enough any more.
    """
    name = before.dataset
    if before.data_version and not (home.datasets / name / INFO_FILE).is_file():
        raise FeatureStoreError(f"The dataset {name!r}, which the store was filled with, is gone.", FILL_ANEW)
    with tempfile.TemporaryDirectory() as folder:
        dataset, verdicts = Path(folder) / "dataset", Path(folder) / "verdicts"
        ingest_readings(name, dataset, home)
        # All that follows is of this copy: somebody may import more meanwhile.
        data_version = newest_data_version(dataset)
        _refuse_another(before, dataset, data_version)
        validate_readings(dataset, verdicts, before.config, home)
        info, _, measured = load_served_readings(dataset, verdicts)
        matrix, imputed = impute_inputs(measured, info.timezone, before.config)
        return DatasetNow(data_version, matrix, imputed, load_surroundings(dataset))


def _refuse_another(before: MaterialisedReadings, dataset: Path, data_version: int) -> None:
    info = read_info(dataset)
    places = {
        "a resolution in minutes of": (before.matrix.resolution_minutes, info.resolution_minutes),
        "the time zone": (before.timezone, info.timezone),
        "the country": (before.country, info.country),
    }
    for what, (was, now) in places.items():
        if was != now:
            raise FeatureStoreError(
                f"The dataset {before.dataset!r} has {what} {now}, and the store was filled with {was}.", FILL_ANEW
            )
    if data_version < before.data_version or first_import(dataset) != before.first_import:
        raise FeatureStoreError(
            f"The dataset {before.dataset!r} was replaced since the store was filled with it.", FILL_ANEW
        )
