"""What people see and what programs read: progress on stderr, results on stdout."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress


class Figure(NamedTuple):
    """A measured figure: its name, its value and its unit ("1" where it has none)."""

    name: str
    value: float
    unit: str


_BARS = "▁▂▃▄▅▆▇█"


def called_as() -> str:
    """The command as the user called it, for the commands that we propose."""
    program = Path(sys.argv[0])
    if program.name != "metrify":
        return "python -m metrify"
    return str(program.relative_to(Path.cwd())) if program.is_relative_to(Path.cwd()) else str(program)


def progress_console() -> "Console":
    """Where progress goes, so that stdout stays clean for results."""
    from rich.console import Console

    return Console(stderr=True)


@contextmanager
def progress_bar(console: "Console") -> Iterator["Progress"]:
    """A bar with a spinner, counts and the time so far."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        yield progress


def print_json(value: object) -> None:
    """Prints a value as JSON on stdout."""
    typer.echo(json.dumps(value, indent=2))


def print_figures(figures: Sequence[Figure]) -> None:
    """Prints figures as a table on stdout."""
    width = max(len(figure.name) for figure in figures)
    for figure in figures:
        value = f"{figure.value:.4g}" if isinstance(figure.value, float) else str(figure.value)
        typer.echo(f"{figure.name:{width}}  {value:>10} {figure.unit if figure.unit != '1' else ''}".rstrip())


def sparkline(values: Sequence[float]) -> str:
    """Values as one line of bars; a gap where one is missing."""
    known = [value for value in values if value == value]  # NaN is not itself
    low, high = min(known, default=0.0), max(known, default=0.0)
    scale = (len(_BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(_BARS[round((value - low) * scale)] if value == value else " " for value in values)
