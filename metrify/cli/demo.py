"""`metrify demo`: the whole way on real input."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from metrify.cli.training_run import TrainedForecaster, dataset_name, run_training
from metrify.config import Home, default_config
from metrify.config.schema import MetrifyConfig

MODEL_TYPES = ("lstm", "gru")


def demo(as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON rows.")] = False) -> None:
    """Train two forecasters on real readings through the compiled pipeline and compare them with the baselines."""
    console, home, source = Console(stderr=True), Home.from_environment(), dataset_name()
    trained = {kind: run_training(_with_model(default_config(), kind), source, home, console) for kind in MODEL_TYPES}
    if as_json:
        typer.echo(json.dumps({"rows": _rows(trained)}, indent=2))
        return
    ingested = next(iter(trained.values())).ingested
    out = Console()
    out.print(
        f"{source}: {ingested['meters']:.0f} meters with {ingested['profiles']:.0f} distinct profiles, "
        f"{ingested['readings']:,.0f} readings"
    )
    table = Table("figure", "value")
    for row in _rows(trained):
        table.add_row(str(row["name"]), f"{row['value']:.4f}")
    out.print(table)
    for forecaster in trained.values():
        out.print(f"bundle {forecaster.bundle}")


def _with_model(config: MetrifyConfig, kind: str) -> MetrifyConfig:
    forecasting = config.training.consumption_forecasting.model_copy(update={"model_type": kind})
    return config.model_copy(
        update={"training": config.training.model_copy(update={"consumption_forecasting": forecasting})}
    )


def _rows(trained: dict[str, TrainedForecaster]) -> list[dict[str, object]]:
    baselines = next(iter(trained.values())).metrics
    rows: list[tuple[str, float, str]] = []
    for kind, forecaster in trained.items():
        rows.append((f"demo.seconds.train_{kind}", forecaster.seconds, "s"))
        rows.append((f"demo.wape.{kind}", forecaster.metrics["wape"], "1"))
    rows.append(("demo.wape.seasonal_naive", baselines["wape_seasonal_naive"], "1"))
    rows.append(("demo.wape.persistence", baselines["wape_persistence"], "1"))
    return [{"name": name, "value": value, "unit": unit} for name, value, unit in rows]
