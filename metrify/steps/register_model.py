"""Registers a bundle in MLflow as the candidate."""

import json
import tempfile
from pathlib import Path

import pandas as pd

from metrify.adapters.tracked_run import TrackedDataset, TrainingRecord
from metrify.adapters.tracking import register_bundle
from metrify.bundles.manifest import MANIFEST_FILE, MODEL_CARD_FILE, Task
from metrify.config import Home, MetrifyConfig
from metrify.steps.evaluation_report import METER_SCOPE
from metrify.steps.lock import locked

_TABLES_FILE = "evaluation_tables.parquet"


def register_model(
    bundle: Path, curve: Path | None, tables: Path | None, config: MetrifyConfig, home: Home | None = None
) -> int:
    """Registers a bundle and logs its training; returns the version in the registry.

    What is logged: parameters, metrics, the losses by epoch, the dataset, the bundle, the model card, and the metrics
    of districts and intervals. Those of single meters stay with the pipeline's run.

    Args:
        bundle: Text file of `write_bundle`, which names the folder.
        curve: JSON file of the step that trained it, the losses by epoch; None where a model has none.
        tables: Parquet file of `evaluate_forecaster`, likewise.
        config: Tracking and training sections.
        home: Where the stores lie.

    Raises:
        TrackingError: MLflow can't be reached or refuses.
    """
    home = home or Home.from_environment()
    folder = Path(bundle.read_text(encoding="utf-8"))
    manifest = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    tags = {key: manifest[key] for key in ("version", "dataset_fingerprint", "feature_spec_hash", "code_version")}
    with tempfile.TemporaryDirectory() as scratch, locked(home.root / "registry.lock"):
        # MLflow makes its database on first use, and two can't at once.
        record = TrainingRecord(
            parameters=_parameters(manifest["task"], config),
            metrics=manifest["metrics"],
            curve=json.loads(curve.read_text(encoding="utf-8")) if curve else [],
            files=(folder / MODEL_CARD_FILE, *_shared_tables(tables, Path(scratch))),
            dataset=TrackedDataset(manifest["dataset_name"], manifest["dataset_fingerprint"]),
        )
        return register_bundle(home, config, manifest["name"], folder, record, tags)


def _parameters(task: Task, config: MetrifyConfig) -> dict[str, object]:
    if task == "anomaly-detection":
        return config.training.anomaly_detection.model_dump()
    if task == "grid-optimization":
        return {**config.training.grid_optimization.model_dump(), "tariff": config.grid.tariff.model_dump()}
    return {**config.training.consumption_forecasting.model_dump(), "compression": config.compression.method}


def _shared_tables(tables: Path | None, scratch: Path) -> list[Path]:
    """The tables without the rows of single meters."""
    if tables is None:
        return []
    shared, table = scratch / _TABLES_FILE, pd.read_parquet(tables)
    table[table["scope"] != METER_SCOPE].to_parquet(shared, index=False)
    return [shared]
