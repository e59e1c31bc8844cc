"""`metrify bench`: what is measured, beside its peers, in one run."""

from pathlib import Path
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


@app.command("forecast")
def forecast(
    dataset: Annotated[str, typer.Option(help="Dataset: london_hourly_2013, ett_h1_h2, simbench, an imported one...")],
    models: Annotated[list[str] | None, typer.Option(help="A model; repeat it for several. All without it.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Seeds of the champion; others have one.")] = 3,
    config: Annotated[Path | None, typer.Option(help="Configuration file; the default one without it.")] = None,
    origins_per_day: Annotated[int, typer.Option(min=1, help="Training origins of a day.")] = 1,
    as_json: Json = False,
    quick: Quick = False,
) -> None:
    """Forecast: accuracy, calibration, training time and speed of models beside LightGBM and baselines."""
    from metrify.cli.bench.forecast.measure import ForecastBench
    from metrify.cli.bench.report import report
    from metrify.config import load_config

    bench = ForecastBench(dataset, tuple(models or ()), load_config(config), seeds, origins_per_day)
    report("forecast", [bench.measure], quick, as_json)


@app.command("batch-forecast")
def batch_forecast(
    config: Annotated[Path | None, typer.Option(help="Configuration file; the default one without it.")] = None,
    as_json: Json = False,
    quick: Quick = False,
) -> None:
    """Batch forecasts: time, memory and scaling of a million meters, beside a loop over data frames."""
    from metrify.cli.bench.batch_forecast import BatchBench
    from metrify.cli.bench.report import report
    from metrify.config import load_config

    report("batch-forecast", [BatchBench(load_config(config)).measure], quick, as_json)


@app.command("anomaly")
def anomaly(
    dataset: Annotated[str, typer.Option(help="Dataset: london_hourly_2013, simbench, an imported one...")],
    models: Annotated[
        list[str] | None, typer.Option(help="A detector or a control; repeat it for several. All without it.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration file; the default one without it.")] = None,
    as_json: Json = False,
    quick: Quick = False,
) -> None:
    """Anomalies: recall of events, false alarms, training time and speed of detectors beside simple rules and PyOD."""
    from metrify.cli.bench.anomaly.measure import AnomalyBench
    from metrify.cli.bench.report import report
    from metrify.config import load_config

    report("anomaly", [AnomalyBench(dataset, tuple(models or ()), load_config(config)).measure], quick, as_json)
