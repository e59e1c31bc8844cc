"""Runs the training pipeline. `train` and `demo` share it."""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from metrify.cli.output import progress_bar

if TYPE_CHECKING:
    from rich.console import Console

    from metrify.config import Home, MetrifyConfig
    from pipelines.run_local import LocalRun


@dataclass(frozen=True)
class TrainingPipeline:
    """A pipeline that trains a model.

    Attributes:
        name: Of the pipeline.
        evaluation: Name of its task that evaluates the model.
    """

    name: str
    evaluation: str


FORECASTER_TRAINING = TrainingPipeline("forecaster_training", "evaluate-forecaster")
ANOMALY_TRAINING = TrainingPipeline("anomaly_training", "evaluate-detector")
GRID_TRAINING = TrainingPipeline("grid_training", "evaluate-controller")


@dataclass(frozen=True)
class TrainedModel:
    """What a training run left.

    Attributes:
        bundle: Bundle folder.
        service: InferenceService YAML that serves it.
        metrics: Accuracy on the test rows, the baselines' beside it.
        tasks: How many tasks the pipeline has.
        reused: How many of them took the result of an earlier run.
        seconds: Wall time of the run.
        run: The run itself.
    """

    bundle: Path
    service: Path
    metrics: dict[str, float]
    tasks: int
    reused: int
    seconds: float
    run: "LocalRun"

    @property
    def dataset(self) -> Path:
        """Dataset folder with pseudonymous meters, where the pipeline begins with readings."""
        return self.run.output("ingest-readings", "dataset")

    @property
    def ingested(self) -> dict[str, float]:
        """Counts of that dataset."""
        return self.run.metrics("ingest-readings")

    @property
    def verdicts(self) -> Path:
        """Folder with the verdicts on readings, days and meters."""
        return self.run.output("validate-readings", "verdicts")

    @property
    def online_until(self) -> str:
        """RFC 3339 end of the windows that the online store was filled with."""
        return self.run.output("materialise-features", "materialised").read_text(encoding="utf-8")


def dataset_name() -> str:
    """The dataset that METRIFY_DATASET names, or the one that ships with the packages."""
    from metrify.config.home import DATASET_VARIABLE, DEFAULT_DATASET

    return os.environ.get(DATASET_VARIABLE, DEFAULT_DATASET)


def run_training(
    pipeline: TrainingPipeline,
    config: "MetrifyConfig",
    source: str,
    home: "Home",
    on_task: Callable[[str], None],
    on_progress: Callable[[str], None] = lambda line: None,
) -> TrainedModel:
    """Runs a compiled training pipeline.

    Args:
        pipeline: Which one.
        config: The configuration.
        source: Name of the dataset, or of the feeder.
        home: Where the stores lie.
        on_task: Told the name of each task that finished.
        on_progress: Told how far a task is.

    Raises:
        PipelineRunError: A task failed.
    """
    import yaml

    from metrify.config.code_version import code_version
    from pipelines.run_local import run_local, task_names

    started = time.monotonic()
    arguments: dict[str, object] = {
        "source": source,
        "config_yaml": yaml.safe_dump(config.model_dump(mode="json")),
        "code_version": code_version(),
    }
    run = run_local(pipeline.name, arguments, home, on_task, on_progress)
    return TrainedModel(
        bundle=Path(run.output("write-bundle", "bundle").read_text(encoding="utf-8")),
        service=run.output("render-inference-service", "manifest"),
        metrics=json.loads(run.output(pipeline.evaluation, "evaluation").read_text(encoding="utf-8")),
        tasks=len(task_names(pipeline.name)),
        reused=run.reused,
        seconds=time.monotonic() - started,
        run=run,
    )


@contextmanager
def training_bars(
    pipeline: TrainingPipeline, console: "Console", names: list[str]
) -> Iterator[Callable[[str, str, bool], None]]:
    """One bar a run; yields what tells that a task of a run finished, or how far it is."""
    from pipelines.run_local import task_names

    with progress_bar(console) as progress:
        total = len(task_names(pipeline.name))
        bars = {name: progress.add_task(f"train {name}", total=total) for name in names}

        def advance(name: str, text: str, is_done: bool) -> None:
            progress.update(bars[name], advance=int(is_done), description=f"train {name}: {text}")
            if not console.is_terminal:  # a bar is drawn only once there
                console.print(f"  train {name}: {text}")

        yield advance
