"""`metrify train`."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metrify.cli.output import called_as, print_json, progress_console
from metrify.cli.search_run import run_search
from metrify.cli.training_run import ANOMALY_TRAINING, FORECASTER_TRAINING, TrainedModel, dataset_name
from metrify.errors import UsageError

if TYPE_CHECKING:
    from metrify.config import Home

_FEW_WINDOWS = 1_000


class Models(StrEnum):
    """What can be trained."""

    CONSUMPTION = "consumption"
    ANOMALY = "anomaly"


def train(
    models: Annotated[Models, typer.Option(help="What to train.")] = Models.CONSUMPTION,
    data_size: Annotated[
        int | None, typer.Option(min=1, help="At most so many training windows, or days of meters (1000 or more).")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration file; the default one without it.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Dataset; METRIFY_DATASET or simbench without it.")] = None,
    search: Annotated[
        int | None, typer.Option(min=1, help="Search for better parameters in so many trials, and train nothing.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Train a model with the compiled pipeline and register it as the candidate."""
    from metrify.bundles.load import load_bundle
    from metrify.bundles.signature import PUBLIC_KEY_FILE, load_public_key
    from metrify.cli.training_processes import run_trainings
    from metrify.config import Home, load_config
    from metrify.config.loader import config_errors_told
    from metrify.experiments.assignment import CONTROL
    from metrify.steps.install_service import install_first_service
    from metrify.steps.rollout import is_of_same_place, served_bundles

    settings, home = load_config(config), Home.from_environment()
    is_anomaly = models is Models.ANOMALY
    if data_size is not None:
        with config_errors_told(f"--data-size {data_size}", "Ask for more."):
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
    source = dataset or dataset_name()
    _tell_consequences(source, home, None if is_anomaly else data_size)
    sections = settings.training
    kind = (sections.anomaly_detection if is_anomaly else sections.consumption_forecasting).model_type
    pipeline = ANOMALY_TRAINING if is_anomaly else FORECASTER_TRAINING
    trained = run_trainings(pipeline, {kind: settings}, source, home, progress_console())[kind]
    service, is_new = install_first_service(trained.service, home)
    if as_json:
        print_json({"bundle": str(trained.bundle), "service": str(service), "metrics": trained.metrics})
        return
    _print_trained(trained)
    if is_new:
        typer.echo(f"service  {service}")
    if trained.bundle not in served_bundles(service).values():
        key = load_public_key(home.keys / PUBLIC_KEY_FILE)
        own, control = (load_bundle(path, key).manifest for path in (trained.bundle, served_bundles(service)[CONTROL]))
        can_stand_beside = is_of_same_place(own, control)
        step = f"start {own.version} --percent 20" if can_stand_beside else f"promote {own.version}"
        typer.echo(f"next     {called_as()} rollout {step}")
    elif is_anomaly:
        typer.echo(f"next     {called_as()} detect, or {called_as()} serve --service {service.stem}")
    else:
        typer.echo(f"next     {called_as()} serve")


def _tell_consequences(source: str, home: "Home", windows: int | None) -> None:
    """Says beforehand what a training puts in the place of another, and what it is too small for."""
    from metrify.adapters.materialised_readings import is_materialised, read_place
    from metrify.readings.sources import locate_source

    if windows is not None and windows < _FEW_WINDOWS:
        typer.echo(f"note: {windows} windows make a model to try the way with, not one to forecast with", err=True)
    locate_source(source, home.public_folders(), home.datasets)  # who names none is told so first
    if is_materialised(home) and (held := read_place(home).dataset) != source:
        typer.echo(
            f"note: the feature store is filled with {source} in the place of {held}, whose meters are then unknown; "
            "another METRIFY_HOME keeps both",
            err=True,
        )


def _print_trained(trained: TrainedModel) -> None:
    if trained.reused:
        typer.echo(f"{trained.reused} of {trained.tasks} steps reused the result of an earlier run")
    for name, value in trained.metrics.items():
        typer.echo(f"{name:28} {value:.4f}")
    typer.echo(f"bundle   {trained.bundle}")
