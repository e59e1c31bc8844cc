"""`metrify train`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from metrify.cli.output import called_as, print_json, progress_console
from metrify.cli.search_run import run_search
from metrify.cli.training_run import ANOMALY_TRAINING, FORECASTER_TRAINING, TrainedModel, dataset_name
from metrify.errors import UsageError


class Models(StrEnum):
    """What can be trained."""

    CONSUMPTION = "consumption"
    ANOMALY = "anomaly"


def train(
    models: Annotated[Models, typer.Option(help="What to train.")] = Models.CONSUMPTION,
    data_size: Annotated[
        int | None, typer.Option(min=1, help="At most so many training windows, or days of meters.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration file; the default one without it.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Dataset; METRIFY_DATASET or simbench without it.")] = None,
    search: Annotated[
        int | None, typer.Option(min=1, help="Search for better parameters in so many trials, and train nothing.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Train a model with the compiled pipeline and register it as the candidate."""
    from metrify.cli.training_processes import run_trainings
    from metrify.config import Home, load_config
    from metrify.steps.install_service import install_first_service
    from metrify.steps.rollout import served_bundles

    settings, home = load_config(config), Home.from_environment()
    is_anomaly = models is Models.ANOMALY
    if data_size is not None:
        settings = (
            settings.with_anomaly_detection(max_training_days=data_size)
            if is_anomaly
            else settings.with_forecasting(max_training_windows=data_size)
        )
    if search is not None:
        if is_anomaly:
            raise UsageError("There is no search for parameters of detectors.", "Leave --search out.")
        run_search(settings, dataset or dataset_name(), search, home, as_json)
        return
    sections = settings.training
    kind = (sections.anomaly_detection if is_anomaly else sections.consumption_forecasting).model_type
    pipeline = ANOMALY_TRAINING if is_anomaly else FORECASTER_TRAINING
    trained = run_trainings(pipeline, {kind: settings}, dataset or dataset_name(), home, progress_console())[kind]
    service, is_new = install_first_service(trained.service, home)
    if as_json:
        print_json({"bundle": str(trained.bundle), "service": str(service), "metrics": trained.metrics})
        return
    _print_trained(trained)
    if is_new:
        typer.echo(f"service  {service}")
    if trained.bundle not in served_bundles(service).values():
        typer.echo(f"next     {called_as()} rollout start {trained.bundle.name} --percent 20")
    elif is_anomaly:
        typer.echo(f"next     {called_as()} detect, or {called_as()} serve --service {service.stem}")
    else:
        typer.echo(f"next     {called_as()} serve")


def _print_trained(trained: TrainedModel) -> None:
    if trained.reused:
        typer.echo(f"{trained.reused} of {trained.tasks} steps reused the result of an earlier run")
    for name, value in trained.metrics.items():
        typer.echo(f"{name:28} {value:.4f}")
    typer.echo(f"bundle   {trained.bundle}")
