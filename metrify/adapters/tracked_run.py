"""MLflow runs: what a training was made of and what came out of it."""

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from metrify.config import Home, MetrifyConfig

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

_METRICS_AT_ONCE = 1_000  # MLflow takes no more in a call
_DIGEST_LENGTH = 36  # of a dataset, at most


@dataclass(frozen=True)
class TrackedDataset:
    """What a model was trained on.

    Attributes:
        name: Of the dataset.
        fingerprint: SHA-256 of it.
    """

    name: str
    fingerprint: str


@dataclass(frozen=True)
class TrainingRecord:
    """What a run logs.

    Attributes:
        parameters: What the model was trained with.
        metrics: Its accuracy, the baselines' beside it.
        curve: Losses by epoch, the first epoch's first.
        files: Logged as artifacts, each under its own name.
        dataset: What it was trained on; None where that is not known.
    """

    parameters: Mapping[str, object]
    metrics: Mapping[str, float]
    curve: Sequence[Mapping[str, float]] = ()
    files: Sequence[Path] = ()
    dataset: TrackedDataset | None = None


def is_run_given() -> bool:
    """Whether a Kubeflow Pipelines backend has made a run for this task already."""
    return bool(os.environ.get("MLFLOW_RUN_ID"))


def log_training(
    client: "MlflowClient", home: Home, config: MetrifyConfig, name: str, record: TrainingRecord, bundle: Path
) -> "Run":
    """Logs a training with its bundle into the run that MLFLOW_RUN_ID names, or into one of its own.

    A given run is left open, since whoever made it ends it. One of its own that can't be logged ends as failed.

    Args:
        client: Of the tracking server.
        home: Where artifacts go that a new experiment has no other place for.
        config: The experiment; MLFLOW_EXPERIMENT_ID or MLFLOW_EXPERIMENT_NAME go before it.
        name: Of a new run.
        record: What is logged.
        bundle: Folder that is logged as `bundle`.

    Raises:
        MlflowException: MLflow can't be reached or refuses.
    """
    if is_run_given():
        run = client.get_run(os.environ["MLFLOW_RUN_ID"])
        _log(client, run.info.run_id, record, bundle)
        return run
    run = client.create_run(find_experiment(client, home, config), run_name=name)
    status = "FAILED"
    try:
        _log(client, run.info.run_id, record, bundle)
        status = "FINISHED"
    finally:
        client.set_terminated(run.info.run_id, status)
    return run


def _log(client: "MlflowClient", run_id: str, record: TrainingRecord, bundle: Path) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

    now = int(time.time() * 1000)
    metrics = [Metric(key, value, now, 0) for key, value in record.metrics.items()]
    for epoch, losses in enumerate(record.curve, start=1):
        metrics += [Metric(key, value, now, epoch) for key, value in losses.items()]
    params = [Param(key, str(value)) for key, value in record.parameters.items()]
    tags = [RunTag("dataset_fingerprint", record.dataset.fingerprint)] if record.dataset else []
    client.log_batch(run_id, params=params, tags=tags)
    for first in range(0, len(metrics), _METRICS_AT_ONCE):
        client.log_batch(run_id, metrics=metrics[first : first + _METRICS_AT_ONCE])
    if record.dataset:
        source = json.dumps({"name": record.dataset.name, "sha256": record.dataset.fingerprint})
        digest = record.dataset.fingerprint[:_DIGEST_LENGTH]
        dataset = Dataset(record.dataset.name, digest, "metrify", source)
        client.log_inputs(run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])])
    for path in record.files:
        client.log_artifact(run_id, str(path))
    client.log_artifacts(run_id, str(bundle), "bundle")


def find_experiment(client: "MlflowClient", home: Home, config: MetrifyConfig) -> str:
    """The experiment that MLFLOW_EXPERIMENT_ID, MLFLOW_EXPERIMENT_NAME or the configuration names, made if need be."""
    given = os.environ.get("MLFLOW_EXPERIMENT_ID")
    if given:
        return given
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or config.mlflow.experiment_name
    found = client.get_experiment_by_name(name)
    if found:
        return str(found.experiment_id)
    return str(client.create_experiment(name, artifact_location=(home.root / "mlflow_artifacts").as_uri()))
