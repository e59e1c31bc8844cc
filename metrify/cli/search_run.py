"""Runs a search for training parameters and shows what it found."""

import sys
import tempfile
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from metrify.cli.output import called_as, print_json, progress_bar, progress_console

if TYPE_CHECKING:
    from metrify.config import Home, MetrifyConfig
    from metrify.steps.search_parameters import FoundParameters


def run_search(config: "MetrifyConfig", source: str, trials: int, home: "Home", as_json: bool) -> None:
    """Searches, and prints the best parameters and the configuration file that has them.

    Args:
        config: What is searched, and all that stays as it is.
        source: Name of the dataset.
        trials: How many there are to be in all.
        home: Where the stores lie.
        as_json: Print one JSON object instead of lines.

    Raises:
        DatasetError: The dataset is unknown, unreadable or too short.
        TrackingError: MLflow can't be reached or refuses.
    """
    with redirect_stdout(sys.stderr):  # what steps print is no result
        found = _search(config, source, trials, home)
    if as_json:
        figures = {"validation_pinball": found.validation_pinball, "trials": found.trials}
        print_json({"parameters": found.parameters, **figures, "config": str(found.config)})
        return
    for name, value in found.parameters.items():
        typer.echo(f"{name:22} {value:.4g}" if isinstance(value, float) else f"{name:22} {value}")
    typer.echo(f"{'validation_pinball':22} {found.validation_pinball:.4g}, the best of {found.trials} trials")
    typer.echo(f"config   {found.config}")
    typer.echo(f"next     {called_as()} train --dataset {source} --config {found.config}")


def _search(config: "MetrifyConfig", source: str, trials: int, home: "Home") -> "FoundParameters":
    from metrify.steps.prepare_training_set import prepare_training_set
    from metrify.steps.search_parameters import search_parameters

    home.searches.mkdir(parents=True, exist_ok=True)
    console = progress_console()
    with (
        tempfile.TemporaryDirectory(dir=home.searches, prefix=".training-set-") as folder,
        progress_bar(console) as progress,
    ):
        bar = progress.add_task("preparing the training set", total=trials)
        training_set = prepare_training_set(source, Path(folder), config, home)

        def tell(line: str, done: int) -> None:
            progress.update(bar, completed=done, description=line)
            if not console.is_terminal:  # a bar is drawn only once there
                console.print(f"  {line}")

        return search_parameters(training_set, config, trials, home, tell)
