"""The command: its stages in their order, and the summary."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metrify.cli.output import called_as, print_figures, print_json, progress_bar, progress_console

if TYPE_CHECKING:
    from rich.console import Console

    from metrify.cli.demo.record import DemoRecord
    from metrify.config import Home, MetrifyConfig

_ASKED_METERS = 100
_CONTROL, _CANARY = "lstm", "gru"
_SERVING_STAGES = 5
# Without --config: good enough to look at within a minute or two.
_SMALL_TRAINING = {
    "epochs": 4,
    "learning_rate": 2e-3,
    "max_training_windows": 8_000,
    "refit_through_validation": False,
}
_REPLAYED_DAYS = 21  # pushed day by day later, as if they had just been read


def demo(
    config: Annotated[Path | None, typer.Option(help="Configuration file; the default one without it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON rows.")] = False,
) -> None:
    """Go the whole way on real readings: train, serve, roll out a canary, notice drift, and write a page.

    What an earlier run trained is reused as long as the readings, the configuration and the code are the same.
    """
    from metrify.cli.demo.page import write_demo_page
    from metrify.cli.demo.record import DemoRecord
    from metrify.cli.training_processes import run_trainings
    from metrify.cli.training_run import FORECASTER_TRAINING, dataset_name
    from metrify.config import Home, load_config
    from metrify.config.schema import GateConfig
    from metrify.readings.dataset import read_info

    console, home = progress_console(), Home.from_environment()
    settings = load_config(config) if config else load_config(None).with_forecasting(**_SMALL_TRAINING)
    features = settings.feature_engineering.model_copy(update={"hold_out_days": _REPLAYED_DAYS})
    # The demo shows two models side by side, whatever was promoted before: neither has to beat the champion.
    settings = settings.model_copy(update={"gate": GateConfig(beat_champion=False), "feature_engineering": features})
    record = DemoRecord(dataset_name())
    configs = {kind: settings.with_forecasting(model_type=kind) for kind in (_CONTROL, _CANARY)}
    with record.timed("train"):
        record.trained = run_trainings(FORECASTER_TRAINING, configs, record.source, home, console)
    for kind, run in record.trained.items():
        if run.reused:
            console.print(f"  {kind}: {run.reused} of {run.tasks} steps reused a result that was there already")
    _serve(record, settings, home, console)
    page = home.root / "demo" / "index.html"
    with record.timed("page"):
        info = read_info(record.trained[_CONTROL].dataset)
        write_demo_page(page, record, info.resolution_minutes, settings.drift.p_value)
    figures = record.figures()
    if as_json:
        print_json({"dataset": record.source, "page": str(page), "rows": [figure._asdict() for figure in figures]})
        return
    print_figures(figures)
    _print_next_steps(record, home, page)


def _serve(record: "DemoRecord", config: "MetrifyConfig", home: "Home", console: "Console") -> None:
    import pandas as pd

    from inference_services.client import ForecastClient
    from inference_services.local.run_manifest import LocalService
    from metrify.adapters.tracking import CANDIDATE, point_alias_at
    from metrify.bundles.manifest import FORECASTER_NAME
    from metrify.bundles.signature import PUBLIC_KEY_FILE
    from metrify.cli.demo import serving_stages as stages
    from metrify.steps.install_service import install_service, service_path
    from metrify.steps.replay_readings import ReadingsReplay
    from metrify.steps.reuse import filled_otherwise

    run = record.trained[_CONTROL]
    point_alias_at(home, config, FORECASTER_NAME, CANDIDATE, record.trained[_CANARY].bundle.name)
    if service_path(home).exists():
        console.print("  the demo replaces the installed service and its canary")
    manifest, key = install_service(run.service, home), home.keys / PUBLIC_KEY_FILE
    with progress_bar(console) as progress, ExitStack() as running:
        bar = progress.add_task("serve", total=_SERVING_STAGES)

        def done(line: str) -> None:
            progress.update(bar, advance=1, description=line)

        service = LocalService(
            manifest,
            home.root / "demo" / "logs",
            key,
            http_port=0,
            grpc_port=0,
            startup_timeout_seconds=config.serving.startup_timeout_seconds,
            progress=lambda line: progress.update(bar, description=line),
        )
        with record.timed("serve"):
            replay = ReadingsReplay(run.dataset, run.verdicts, config, home)
            running.enter_context(service)
        client = ForecastClient(service.url, service.grpc_address)
        origin = pd.Timestamp(run.online_until)
        done("serve: ready")
        with filled_otherwise(home.feature_store):
            with record.timed("forecast"):
                record.forecast = stages.forecast_tomorrow(client, replay, origin, _ASKED_METERS)
            done("forecast: REST and gRPC agree")
            with record.timed("canary"):
                bundle, salt = record.trained[_CANARY].bundle, config.rollout.assignment_salt
                split = stages.Split(service, client, manifest, salt)
                record.rollout = stages.roll_out_canary(split, bundle, key, record.forecast.meter_ids)
            done("canary: raised to 50 %")
            with record.timed("drift"):
                for name, check in stages.watch_for_drift(client, replay, origin):
                    record.drift[name] = check
                    done(f"drift: {check.population}: {check.verdict}")
            replay.push(origin)  # the store ends as the pipeline filled it


def _print_next_steps(record: "DemoRecord", home: "Home", page: Path) -> None:
    run = record.trained[_CONTROL]
    assert record.forecast is not None
    metrify = called_as()
    typer.echo(
        f"""
{record.source}: {run.ingested["meters"]:.0f} meters with {run.ingested["profiles"]:.0f} distinct profiles, \
{run.ingested["readings"]:,.0f} readings

page      {page}
bundles   {run.bundle.parent}
service   {home.services / "load-forecaster.yaml"}

next      {metrify} serve                                        (in one terminal)
          {metrify} forecast {record.forecast.meter_ids[0]}  (in another)
          {metrify} rollout status
          {metrify} doctor"""
    )
