"""The entry point: commands, and the one place where errors become one line and an exit code."""

import logging
import os
import signal
import sys
import warnings
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from metrify import __version__
from metrify.cli import batch_forecast, bench, bundle, data, doctor, fit, forecast, pipelines, rollout, serve, train
from metrify.cli.demo import command as demo
from metrify.cli.detect.command import detect
from metrify.cli.optimize.command import optimize
from metrify.errors import MetrifyError

app = typer.Typer(
    name="metrify",
    help="Smart-meter readings become forecasts, anomaly events and grid actions.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich takes longer to import than the whole of a plain help page
)
app.command("demo")(demo.demo)
app.add_typer(data.app, name="data")
app.command("train")(train.train)
app.command("fit")(fit.fit)
app.add_typer(pipelines.app, name="pipelines")
app.command("serve")(serve.serve)
app.command("forecast")(forecast.forecast)
app.command("batch-forecast")(batch_forecast.batch_forecast)
app.command("detect")(detect)
app.command("optimize")(optimize)
app.add_typer(rollout.app, name="rollout")
app.add_typer(bundle.app, name="bundle")
app.add_typer(bench.app, name="bench")
app.command("doctor")(doctor.doctor)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"metrify {__version__}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show logs and tracebacks.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Smart-meter readings become forecasts, anomaly events and grid actions."""
    logging.basicConfig(level=logging.DEBUG if debug else logging.ERROR)
    if not debug:
        warnings.simplefilter("ignore")  # what libraries warn about inside themselves is not the user's to mend


def main() -> None:
    """Runs the command line: 0 done, 1 failed, 2 wrong usage."""
    signal.signal(signal.SIGTERM, _interrupt)  # what a command started ends with it, as after Ctrl-C
    try:
        app()
    except MetrifyError as error:
        if "--debug" in sys.argv:
            raise
        _end_with(error)
    except (PermissionError, NotADirectoryError, FileExistsError, FileNotFoundError) as error:
        home_error = _home_error(error)
        if home_error is None or "--debug" in sys.argv:
            raise
        _end_with(home_error)
    except KeyboardInterrupt:
        sys.exit(130)


def _end_with(error: MetrifyError) -> NoReturn:
    typer.echo(f"{typer.style('error:', fg='red')} {' '.join(str(error).split())}", err=True)
    sys.exit(error.exit_code)


def _home_error(error: OSError) -> MetrifyError | None:
    """What is wrong with the Metrify home if the error comes of that; None if it comes of something else."""
    from metrify.config.home import HOME_VARIABLE, Home

    if not isinstance(error.filename, str | bytes | os.PathLike):
        return None
    root, path = Home.from_environment().root, Path(os.fsdecode(error.filename)).absolute()
    # Above it where the folders to it can't be made.
    is_of_home = path.is_relative_to(root) or root.is_relative_to(path)
    if not is_of_home or (isinstance(error, FileNotFoundError) and root.is_dir()):
        return None
    return MetrifyError(f"{HOME_VARIABLE} {root} is no folder that can be written.", "Name another one.")


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
