"""`metrify serve`: runs an InferenceService YAML as local processes until it is stopped."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metrify.cli.installed_service import ServiceOption, installed_service
from metrify.cli.output import progress_console
from metrify.errors import ConfigError, ServiceError, UsageError

if TYPE_CHECKING:
    from inference_services.local.run_manifest import LocalService

_WATCH_SECONDS = 0.5
_MISSING = 0


def serve(
    manifest: Annotated[
        Path | None, typer.Argument(help="InferenceService YAML; that of an installed service without it.")
    ] = None,
    service: ServiceOption = None,
    port: Annotated[int | None, typer.Option(help="REST port; 0 takes a free one.")] = None,
    grpc_port: Annotated[int | None, typer.Option(help="gRPC port; 0 takes a free one.")] = None,
    load_forecaster: Annotated[
        str | None,
        typer.Option(help="Where grid-optimizer finds the forecaster: grpc://HOST:PORT; this machine without it."),
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration file; the default one without it.")] = None,
) -> None:
    """Serve forecasts, scores of days, or plans of a feeder: the transformer and one predictor a variant, until Ctrl-C.

    A change of the file, for instance by `metrify rollout`, is followed while it runs. To serve two services at once,
    give one of them other ports.
    """
    from inference_services.local.run_manifest import LocalService
    from metrify.bundles.signature import PUBLIC_KEY_FILE
    from metrify.config import Home, load_config

    settings, home, console = load_config(config).serving, Home.from_environment(), progress_console()
    if manifest and service:
        raise UsageError(f"Both {manifest} and {service} are to be served.", "Name one of them.")
    manifest = manifest or installed_service(service)
    running = LocalService(
        manifest,
        home.root / "logs" / manifest.stem,
        home.keys / PUBLIC_KEY_FILE,
        http_port=settings.port if port is None else port,
        grpc_port=settings.grpc_port if grpc_port is None else grpc_port,
        host=settings.host,
        config=config,
        startup_timeout_seconds=settings.startup_timeout_seconds,
        progress=lambda line: console.print(f"  {line}", highlight=False),
        load_forecaster=load_forecaster,
    )
    stamp = _stamp(manifest)  # before the file is read, so that no change is missed while the processes start
    with running:
        typer.echo(f"REST  {running.url}\ngRPC  {running.grpc_address}\nstop  Ctrl-C")
        _follow(running, manifest, stamp)


def _follow(running: "LocalService", manifest: Path, stamp: int) -> None:
    """Watches the processes and the manifest; ends with an interrupt, or with the error of a process that died.

    A change that can't be served is told, and what is served stays.
    """
    try:
        while True:
            time.sleep(_WATCH_SECONDS)
            running.require_alive()
            now = _stamp(manifest)
            if now not in (stamp, _MISSING):
                stamp = now
                try:
                    running.refresh()
                except (ConfigError, ServiceError) as error:
                    typer.echo(f"kept what is served: {error}", err=True)
    except KeyboardInterrupt:
        typer.echo("stopped")


def _stamp(manifest: Path) -> int:
    try:
        return manifest.stat().st_mtime_ns
    except FileNotFoundError:  # for the moment of a replacement
        return _MISSING
