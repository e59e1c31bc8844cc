"""`metrify train`."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from metrify.cli.training_run import dataset_name, run_training
from metrify.config import Home, load_config


class Models(StrEnum):
    """What can be trained."""

    CONSUMPTION = "consumption"


def train(
    models: Annotated[Models, typer.Option(help="What to train.")] = Models.CONSUMPTION,
    data_size: Annotated[int | None, typer.Option(min=1, help="At most so many training windows.")] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration file; the default one without it.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Dataset; METRIFY_DATASET or simbench without it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Train a model with the compiled pipeline and register it as the candidate."""
    settings = load_config(config)
    if data_size is not None:
        forecasting = settings.training.consumption_forecasting.model_copy(update={"max_training_windows": data_size})
        training = settings.training.model_copy(update={"consumption_forecasting": forecasting})
        settings = settings.model_copy(update={"training": training})
    trained = run_training(settings, dataset or dataset_name(), Home.from_environment(), Console(stderr=True))
    if as_json:
        typer.echo(json.dumps({"bundle": str(trained.bundle), "metrics": trained.metrics}, indent=2))
        return
    typer.echo(f"bundle   {trained.bundle}")
    typer.echo(f"service  {trained.service}")
    for name, value in trained.metrics.items():
        typer.echo(f"{name:22} {value:.4f}")
