"""What was tried to make a model smaller, for programs and for people."""

import json
from dataclasses import dataclass
from pathlib import Path

from metrify.forecasting.compression.measure import Measured

ORIGINAL = "as trained"


@dataclass(frozen=True)
class Tried:
    """A model that was tried.

    Attributes:
        name: What was done to the model that the row above left.
        measured: Its figures.
        is_used: Whether it goes on, or the next one was made of it.
        reason: Why, or why not.
    """

    name: str
    measured: Measured
    is_used: bool
    reason: str


@dataclass(frozen=True)
class CompressionReport:
    """What the compression of a model came to.

    Attributes:
        method: What was asked for.
        trees: Whether the model is one of trees, which have no weights to prune or quantise.
        wape_budget_relative: By how much of itself the validation WAPE was allowed to rise.
        tried: In order; empty where nothing was.
    """

    method: str
    trees: bool
    wape_budget_relative: float
    tried: tuple[Tried, ...]


def read_compression(path: Path) -> CompressionReport:
    """Reads the JSON of `compress_forecaster`."""
    values = json.loads(path.read_text(encoding="utf-8"))
    tried = tuple(Tried(**{**one, "measured": Measured(**one["measured"])}) for one in values.pop("tried"))
    return CompressionReport(**values, tried=tried)


def render_compression(report: CompressionReport) -> str:
    """The report as Markdown."""
    if report.trees and report.method != "none":
        return "The model is one of trees. They have no weights that could be pruned or quantised; it is as trained.\n"
    if not report.tried:
        return "The model is as trained; `compression.method` is none.\n"
    lines = [
        f"Asked for: {report.method}. The validation WAPE may rise by less than {report.wape_budget_relative:.2%} of "
        "itself. Times are medians for one row on one thread.",
        "",
        "| model | bytes | bytes compressed | ms a row | validation WAPE | used | why |",
        "| --- | ---: | ---: | ---: | ---: | --- | --- |",
    ]
    lines += [
        f"| {one.name} | {one.measured.bytes:,} | {one.measured.bytes_deflated:,} | "
        f"{one.measured.milliseconds_per_row:.3f} | {one.measured.wape:.4f} | {'yes' if one.is_used else 'no'} | "
        f"{one.reason} |"
        for one in report.tried
    ]
    return "\n".join(lines) + "\n"
