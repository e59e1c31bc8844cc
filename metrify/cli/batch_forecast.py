"""`metrify batch-forecast`: a forecast of every meter, without a service."""

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metrify.cli.output import Figure, print_figures, print_json, progress_bar, progress_console

if TYPE_CHECKING:
    from metrify.config import Home
    from pipelines.run_local import LocalRun

_PIPELINE = "batch_forecast"


def batch_forecast(
    output: Annotated[Path, typer.Option(help="Parquet file to write; the refused meters go beside it.")],
    dataset: Annotated[str | None, typer.Option(help="Dataset; METRIFY_DATASET or simbench without it.")] = None,
    bundle: Annotated[Path | None, typer.Option(help="Bundle; the one that is served without it.")] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(help="RFC 3339 time to forecast from; repeat it for several. Each meter's newest without it."),
    ] = None,
    horizon: Annotated[
        int | None, typer.Option(min=1, help="Intervals to forecast; as many as the model gives without it.")
    ] = None,
    shards: Annotated[int, typer.Option(min=1, help="Parts to divide the meters into; two run at a time.")] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Forecast every meter of a dataset from the windows in the feature store, and list those that can't be."""
    from metrify.cli.training_run import dataset_name
    from metrify.config import Home
    from metrify.config.code_version import code_version
    from metrify.readings.shards import shard_names
    from metrify.steps.score_meters import parse_origin

    for named in origin or []:
        parse_origin(named)  # a slip of the pen is told before the pipeline starts
    home, started = Home.from_environment(), time.monotonic()
    arguments: dict[str, object] = {
        "source": dataset or dataset_name(),
        "bundle": str((bundle or _served_bundle(home)).resolve()),
        "origins": origin or [],
        "code_version": code_version(),
        "shards": shard_names(shards),
        "horizon": horizon or 0,
    }
    run = _run(arguments, shards, home)
    refused = output.with_name(f"{output.stem}.refused.parquet")
    output.parent.mkdir(parents=True, exist_ok=True)
    for name, path in (("merged", output), ("merged_refused", refused)):
        shutil.move(run.output("merge-forecasts", name), path)
    figures = run.metrics("merge-forecasts")
    shutil.rmtree(run.folder)  # the shards' files are as large as the merged one
    counts = {name: int(figures[name]) for name in ("forecasts", "degraded", "refused")}
    seconds = round(time.monotonic() - started, 1)
    if as_json:
        print_json({**counts, "seconds": seconds, "output": str(output), "refused_output": str(refused)})
        return
    print_figures([*(Figure(name, count, "1") for name, count in counts.items()), Figure("seconds", seconds, "s")])
    typer.echo(f"forecasts  {output}\nrefused    {refused}")


def _served_bundle(home: "Home") -> Path:
    from metrify.experiments.assignment import CONTROL
    from metrify.steps.install_service import require_service
    from metrify.steps.rollout import served_bundles

    return served_bundles(require_service(home))[CONTROL]


def _run(arguments: dict[str, object], shards: int, home: "Home") -> "LocalRun":
    from pipelines.run_local import run_local

    console = progress_console()
    with progress_bar(console) as progress:
        bar = progress.add_task("batch-forecast", total=shards + 2)

        def show(text: str, is_done: bool) -> None:
            progress.update(bar, advance=int(is_done), description=text)
            if not console.is_terminal:  # a bar is drawn only once there
                console.print(f"  {text}")

        return run_local(_PIPELINE, arguments, home, lambda task: show(task, True), lambda line: show(line, False))
