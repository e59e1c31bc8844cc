"""Runs the training pipeline with progress. `train` and `demo` share it."""

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

import yaml
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from metrify import __version__
from metrify.config import Home
from metrify.config.home import DATASET_VARIABLE, DEFAULT_DATASET
from metrify.config.schema import MetrifyConfig

PIPELINE = "forecaster_training"


@dataclass(frozen=True)
class TrainedForecaster:
    """What a training run left.

    Attributes:
        bundle: Bundle folder.
        service: InferenceService YAML that serves it.
        metrics: Accuracy on the test rows, the baselines' beside it.
        ingested: Counts of the ingested dataset.
        seconds: Wall time of the run.
    """

    bundle: Path
    service: Path
    metrics: dict[str, float]
    ingested: dict[str, float]
    seconds: float


def dataset_name() -> str:
    """The dataset that METRIFY_DATASET names, or the one that ships with the packages."""
    return os.environ.get(DATASET_VARIABLE, DEFAULT_DATASET)


def run_training(config: MetrifyConfig, source: str, home: Home, console: Console) -> TrainedForecaster:
    """Runs the compiled training pipeline.

    Args:
        config: The configuration.
        source: Name of the dataset.
        home: Where the stores lie.
        console: Where progress is shown.

    Raises:
        PipelineRunError: A task failed.
    """
    from pipelines.run_local import run_local, task_names

    started = time.monotonic()
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        names = task_names(PIPELINE)
        label = f"train {config.training.consumption_forecasting.model_type}"
        bar = progress.add_task(label, total=len(names))
        run = run_local(
            PIPELINE,
            {
                "source": source,
                "config_yaml": yaml.safe_dump(config.model_dump(mode="json")),
                "code_version": __version__,
            },
            home,
            lambda name: progress.update(bar, advance=1, description=f"{label}: {name}"),
        )
    return TrainedForecaster(
        bundle=Path(run.output("write-bundle", "bundle").read_text(encoding="utf-8")),
        service=run.output("render-inference-service", "manifest"),
        metrics=json.loads(run.output("evaluate-forecaster", "evaluation").read_text(encoding="utf-8")),
        ingested=run.metrics("ingest-readings"),
        seconds=time.monotonic() - started,
    )
