"""Registers a bundle in MLflow as the candidate."""

import json
import tempfile
from pathlib import Path

import pandas as pd

from metrify.adapters.tracked_run import TrackedDataset, TrainingRecord
from metrify.adapters.tracking import register_bundle
from metrify.bundles.manifest import MANIFEST_FILE, MODEL_CARD_FILE
from metrify.config import Home, MetrifyConfig
from metrify.steps.evaluation_report import METER_SCOPE
from metrify.steps.lock import locked

_TABLES_FILE = "evaluation_tables.parquet"


def register_model(bundle: Path, curve: Path, tables: Path, config: MetrifyConfig, home: Home | None = None) -> int:
    """Registers a bundle and logs its training; returns the version in the registry.

    What is logged: parameters, metrics, the losses by epoch, the dataset, the bundle, the model card, and the metrics
    of districts and intervals. Those of single meters stay with the pipeline's run.

    Args:
        bundle: Text file of `write_bundle`, which names the folder.
        curve: JSON file of `train_forecaster`.
        tables: Parquet file of `evaluate_forecaster`.
        config: Tracking and training sections.
        home: Where the stores lie.

    Raises:
        TrackingError: MLflow can't be reached or refuses.
    """
    home = home or Home.from_environment()
    folder = Path(bundle.read_text(encoding="utf-8"))
    manifest = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    tags = {key: manifest[key] for key in ("version", "dataset_fingerprint", "feature_spec_hash", "code_version")}
    table = pd.read_parquet(tables)
    with tempfile.TemporaryDirectory() as scratch, locked(home.root / "registry.lock"):
        # MLflow makes its database on first use, and two can't at once.
        shared = Path(scratch) / _TABLES_FILE
        table[table["scope"] != METER_SCOPE].to_parquet(shared, index=False)
        record = TrainingRecord(
            parameters={
                **config.training.consumption_forecasting.model_dump(),
                "compression": config.compression.method,
            },
            metrics=manifest["metrics"],
            curve=json.loads(curve.read_text(encoding="utf-8")),
            files=(folder / MODEL_CARD_FILE, shared),
            dataset=TrackedDataset(manifest["dataset_name"], manifest["dataset_fingerprint"]),
        )
        return register_bundle(home, config, manifest["name"], folder, record, tags)
