"""`metrify serve`: runs an InferenceService YAML as local processes until it is stopped."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metrify.cli.output import progress_console

if TYPE_CHECKING:
    from inference_services.local.run_manifest import LocalService

_WATCH_SECONDS = 0.5


def serve(
    service: Annotated[
        Path | None, typer.Argument(help="InferenceService YAML; the one of the last training without it.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="REST port; 0 takes a free one.")] = None,
    grpc_port: Annotated[int | None, typer.Option(help="gRPC port; 0 takes a free one.")] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration file; the default one without it.")] = None,
) -> None:
    """Serve forecasts: the transformer and one predictor a variant, until Ctrl-C.

    A change of the file, for instance by `metrify rollout`, is followed while it runs.
    """
    from inference_services.local.run_manifest import LocalService
    from metrify.bundles.signature import PUBLIC_KEY_FILE
    from metrify.config import Home, load_config
    from metrify.steps.install_service import require_service

    settings, home, console = load_config(config).serving, Home.from_environment(), progress_console()
    manifest = service or require_service(home)
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
    )
    with running:
        typer.echo(f"REST  {running.url}\ngRPC  {running.grpc_address}\nstop  Ctrl-C")
        _follow(running, manifest)


def _follow(running: "LocalService", manifest: Path) -> None:
    """Watches the processes and the manifest; ends with an interrupt, or with the error of a process that died."""
    stamp = manifest.stat().st_mtime_ns
    try:
        while True:
            time.sleep(_WATCH_SECONDS)
            running.require_alive()
            now = manifest.stat().st_mtime_ns
            if now != stamp:
                stamp = now
                running.refresh()
    except KeyboardInterrupt:
        typer.echo("stopped")
