"""The rows of a benchmark as a table or as one JSON object."""

import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import psutil
import typer

from metrify.cli.output import print_json, progress_console

_QUICK = "quick."
_GIB = 2**30
_WIDEST = 1_000  # columns


@dataclass(frozen=True)
class Row:
    """One measured figure.

    Attributes:
        name: Its name, with the benchmark's before a dot.
        value: What was measured; None where it could not be, and `note` says why.
        unit: Unit of the value; "1" where it has none.
        target: What it should be; None where the row only informs.
        direction: Which side of the target is good; None where there is no target.
        peer: What was measured beside it in the same run.
        peer_value: The peer's figure, in the same unit.
        note: What a reader has to know to understand the figure.
        detail: Figures behind the value, for programs.
    """

    name: str
    value: float | None
    unit: str
    target: float | None = None
    direction: Literal["<=", ">="] | None = None
    peer: str | None = None
    peer_value: float | None = None
    note: str | None = None
    detail: dict[str, object] | None = None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.target is None:
            return None
        if self.value is None:
            return False
        return self.value <= self.target if self.direction == "<=" else self.value >= self.target


Measure = Callable[[bool, Callable[[str], None]], list[Row]]


def report(bench: str, measures: Sequence[Measure], quick: bool, as_json: bool) -> None:
    """Runs measurements one after another and prints their rows.

    Args:
        bench: Name of the benchmark.
        measures: Each takes whether to be quick and where to tell its progress, and returns its rows.
        quick: A smaller version; every row's name says so.
        as_json: Print one JSON object instead of a table.
    """
    console = progress_console()
    rows = [
        row for measure in measures for row in measure(quick, lambda line: console.print(f"  {line}", soft_wrap=True))
    ]
    if quick:
        rows = [replace(row, name=_QUICK + row.name) for row in rows]
    if as_json:
        print_json(
            {
                "bench": bench,
                "date": datetime.now(UTC).isoformat(timespec="seconds"),
                "machine": describe_machine(),
                "rows": [_without_empty_words(row) for row in rows],
            }
        )
        return
    _print_table(rows)


def _without_empty_words(row: Row) -> dict[str, object]:
    return {key: value for key, value in asdict(row).items() if key not in ("note", "detail") or value}


def describe_machine() -> dict[str, object]:
    """What the figures were measured on, without anything that names the machine."""
    cpu = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        models = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        cpu = models[0] if models else cpu
    return {
        "system": platform.system(),
        "cpu": cpu,
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / _GIB, 1),
        "python": platform.python_version(),
    }


def _print_table(rows: Sequence[Row]) -> None:
    from rich.console import Console
    from rich.measure import Measurement
    from rich.table import Table

    table = Table("figure", "value", "unit", "target", "peer", "its value", "")
    table.columns[0].no_wrap = True
    for column in (1, 3, 5):
        table.columns[column].justify = "right"
    for row in rows:
        target = "" if row.target is None else f"{row.direction} {row.target:g}"
        verdict = {None: "", True: "met", False: "missed"}[row.met]
        table.add_row(
            row.name,
            _figure(row.value),
            "" if row.unit == "1" else row.unit,
            target,
            row.peer or "",
            _figure(row.peer_value),
            verdict,
        )
    console = Console()
    # Nothing is cut: where the terminal is narrower, its lines wrap.
    needed = Measurement.get(console, console.options.update(max_width=_WIDEST), table).maximum
    Console(width=max(console.width, needed)).print(table)
    for row in rows:
        if row.note:
            typer.echo(f"{row.name}: {row.note}")


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
