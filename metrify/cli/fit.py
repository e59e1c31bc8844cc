"""`metrify fit`: one fit without the pipeline, as a trial of a Katib experiment or a worker of a TrainJob runs it."""

import os
import sys
import tempfile
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metrify.cli.training_run import dataset_name

if TYPE_CHECKING:
    from metrify.config import MetrifyConfig


def fit(
    dataset: Annotated[str | None, typer.Option(help="Dataset; METRIFY_DATASET or simbench without it.")] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration file; the default one without it.")] = None,
    parameter: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE of training.consumption_forecasting; repeat it for several.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="ONNX file to write, by the first worker; none without it.")
    ] = None,
) -> None:
    """Fit one model to a dataset's training set and print its losses; nothing is registered.

    On a cluster this is a trial of a search, or one of several workers. Lines are `name=value`, as Katib reads them.
    """
    from metrify.config import Home, load_config
    from metrify.steps.fit_forecaster import best_loss, fit_forecaster
    from metrify.steps.prepare_training_set import prepare_training_set
    from metrify.steps.worker_addresses import join_workers

    join_workers(os.environ)
    home = Home.from_environment()
    settings = _with_parameters(load_config(config), parameter or [])
    with tempfile.TemporaryDirectory(prefix="metrify-fit-") as folder:
        with redirect_stdout(sys.stderr):  # what steps print is no result
            training_set = prepare_training_set(dataset or dataset_name(), Path(folder), settings, home)
        fitted = fit_forecaster(training_set, settings, _print_losses)
    typer.echo(f"validation_pinball={best_loss(fitted):.6g}")
    if output is not None and _is_chief():
        fitted.export_onnx(output)


def _is_chief() -> bool:
    from metrify.forecasting.training.distribution import is_chief

    return is_chief()


def _print_losses(step: int, losses: dict[str, float]) -> None:
    typer.echo(f"step={step} loss={losses['loss']:.6g} validation_pinball={losses['val_loss']:.6g}")


def _with_parameters(config: "MetrifyConfig", texts: list[str]) -> "MetrifyConfig":
    import yaml
    from pydantic import ValidationError

    from metrify.errors import UsageError

    parameters = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"{text!r} is no parameter.", "Write NAME=VALUE, such as learning_rate=0.001.")
        parameters[name] = yaml.safe_load(value)
    try:
        return config.with_parameters(parameters)
    except (ValidationError, KeyError, TypeError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else "unknown section"
        raise UsageError(
            f"The parameters {', '.join(texts)} are not allowed: {reason}.",
            "Use names and values of training.consumption_forecasting in the configuration.",
        ) from error
