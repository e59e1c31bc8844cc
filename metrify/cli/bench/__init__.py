"""`metrify bench`: what is measured, beside its peers, in one run."""

from typing import Annotated

import typer

app = typer.Typer(help="Measure time, memory and quality beside peers.", no_args_is_help=True, rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print the rows as JSON.")]
Quick = Annotated[bool, typer.Option("--quick", help="A smaller version, which every row's name says.")]


@app.callback()
def benchmarks() -> None:
    """Measure time, memory and quality beside peers, in one run each."""


@app.command("features")
def features(as_json: Json = False, quick: Quick = False) -> None:
    """Features: time and memory beside pandas and polars, and the online store's latency beside Feast's reader."""
    from metrify.cli.bench.features_offline import measure_offline_features
    from metrify.cli.bench.features_online import measure_online_features
    from metrify.cli.bench.report import report

    report("features", [measure_offline_features, measure_online_features], quick, as_json)


@app.command("import")
def import_readings(as_json: Json = False, quick: Quick = False) -> None:
    """Import: time and memory of 200 million rows of Parquet and 20 million of CSV."""
    from metrify.cli.bench.import_readings import measure_import
    from metrify.cli.bench.report import report

    report("import", [measure_import], quick, as_json)
