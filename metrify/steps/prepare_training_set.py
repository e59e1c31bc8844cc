"""Makes the training set of a dataset, with the steps of the training pipeline."""

from pathlib import Path

from metrify.config import Home, MetrifyConfig
from metrify.steps.build_training_set import build_training_set
from metrify.steps.ingest_readings import ingest_readings
from metrify.steps.materialise_features import materialise_features
from metrify.steps.validate_readings import validate_readings


def prepare_training_set(source: str, folder: Path, config: MetrifyConfig, home: Home) -> Path:
    """Ingests, judges and materialises a dataset and builds its training set; reuses what earlier runs made.

    Args:
        source: Name of the dataset.
        folder: Where the outputs of the steps go.
        config: The configuration.
        home: Where the stores lie.

    Returns:
        The training set folder.

    Raises:
        DatasetError: The dataset is unknown, unreadable or too short.
        FeatureStoreError: Another run filled the feature store meanwhile.
    """
    dataset, verdicts, training_set = (folder / name for name in ("dataset", "verdicts", "training_set"))
    folder.mkdir(parents=True, exist_ok=True)
    ingest_readings(source, dataset, home)
    validate_readings(dataset, verdicts, config, home)
    materialise_features(dataset, verdicts, folder / "materialised", config, home)
    build_training_set(dataset, verdicts, training_set, config, home)
    return training_set
