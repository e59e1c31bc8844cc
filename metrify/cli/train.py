"""`metrify train`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metrify.cli.output import called_as, print_json, progress_console
from metrify.cli.search_run import run_search
from metrify.cli.trainable import TRAINABLE, Models
from metrify.cli.training_run import TrainedModel
from metrify.errors import UsageError

if TYPE_CHECKING:
    from metrify.config import Home

_UNSEARCHED = {Models.ANOMALY: "detectors", Models.GRID: "controllers"}


def train(
    models: Annotated[Models, typer.Option(help="What to train.")] = Models.CONSUMPTION,
    data_size: Annotated[
        int | None,
        typer.Option(
            min=1, help="At most so many training windows, days of meters (1000 or more), or weeks (8 or more)."
        ),
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration file; the default one without it.")] = None,
    dataset: Annotated[
        str | None,
        typer.Option(help="Dataset; METRIFY_DATASET or simbench without it. For grid a feeder; 1-LV-rural1--2-sw."),
    ] = None,
    search: Annotated[
        int | None, typer.Option(min=1, help="Search for better parameters in so many trials, and train nothing.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Train a model with the compiled pipeline and register it as the candidate."""
    from metrify.cli.training_processes import run_trainings
    from metrify.config import Home, load_config
    from metrify.config.loader import config_errors_told
    from metrify.steps.install_service import install_first_service
    from metrify.steps.rollout import served_bundles

    settings, home, trainable = load_config(config), Home.from_environment(), TRAINABLE[models]
    if data_size is not None:
        with config_errors_told(f"--data-size {data_size}", "Ask for more."):
            settings = trainable.with_size(settings, data_size)
    source = dataset or trainable.default_source()
    if search is not None:
        if models in _UNSEARCHED:
            raise UsageError(f"There is no search for parameters of {_UNSEARCHED[models]}.", "Leave --search out.")
        run_search(settings, source, search, home, as_json)
        return
    trainable.tell_consequences(source, home, data_size)
    kind = trainable.model_type(settings)
    trained = run_trainings(trainable.pipeline, {kind: settings}, source, home, progress_console())[kind]
    service, is_new = install_first_service(trained.service, home)
    if as_json:
        print_json({"bundle": str(trained.bundle), "service": str(service), "metrics": trained.metrics})
        return
    _print_trained(trained)
    if is_new:
        typer.echo(f"service  {service}")
    is_served = trained.bundle in served_bundles(service).values()
    steps = trainable.next_steps(source, service.stem) if is_served else [_rollout_step(trained.bundle, service, home)]
    for number, step in enumerate(steps):
        typer.echo(f"{'' if number else 'next':8} {step}")


def _rollout_step(bundle: Path, service: Path, home: "Home") -> str:
    """How a bundle comes beside the one that is served, or in its place where both can't be."""
    from metrify.bundles.load import load_bundle
    from metrify.bundles.signature import PUBLIC_KEY_FILE, load_public_key
    from metrify.experiments.assignment import CONTROL
    from metrify.steps.rollout import is_of_same_place, served_bundles

    key = load_public_key(home.keys / PUBLIC_KEY_FILE)
    own, control = (load_bundle(path, key) for path in (bundle, served_bundles(service)[CONTROL]))
    can_stand_beside = is_of_same_place(own.manifest, control.manifest) and own.feeder_text() == control.feeder_text()
    version = own.manifest.version
    return f"{called_as()} rollout {f'start {version} --percent 20' if can_stand_beside else f'promote {version}'}"


def _print_trained(trained: TrainedModel) -> None:
    if trained.reused:
        typer.echo(f"{trained.reused} of {trained.tasks} steps reused the result of an earlier run")
    width = max(map(len, trained.metrics))
    for name, value in trained.metrics.items():
        typer.echo(f"{name:{width}} {value:.4f}")
    typer.echo(f"bundle   {trained.bundle}")
