"""`metrify rollout`: changes the split of the installed service, as `kubectl patch` does on a cluster."""

from pathlib import Path
from typing import Annotated

import typer

from metrify.cli.output import print_json

app = typer.Typer(
    help="Start, raise, promote and stop a canary of the installed service.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("start")
def start(
    version: Annotated[str, typer.Argument(help="Version of a bundle, for instance gru-a17441e6a4.")],
    percent: Annotated[int | None, typer.Option(help="Share of the meters; 20 without it.")] = None,
) -> None:
    """Give a bundle a share of the meters."""
    from metrify.bundles.manifest import FORECASTER_NAME
    from metrify.bundles.signature import PUBLIC_KEY_FILE
    from metrify.config import Home, default_config
    from metrify.steps.install_service import require_service
    from metrify.steps.rollout import start_canary

    home = Home.from_environment()
    share = default_config().rollout.canary_percent if percent is None else percent
    bundle = home.bundles / FORECASTER_NAME / version
    name = start_canary(require_service(home), bundle, share, home.keys / PUBLIC_KEY_FILE)
    typer.echo(f"{name} gets {share} % of the meters")


@app.command("set")
def set_share(percent: Annotated[int, typer.Argument(help="Share of the meters, 1 to 100.")]) -> None:
    """Change the canary's share. Raising it moves only new meters; lowering it moves the last ones back."""
    from metrify.config import Home
    from metrify.steps.install_service import require_service
    from metrify.steps.rollout import set_percent

    name = set_percent(require_service(Home.from_environment()), percent)
    typer.echo(f"{name} gets {percent} % of the meters")


@app.command("promote")
def promote(
    config: Annotated[Path | None, typer.Option(help="Configuration file; the default one without it.")] = None,
) -> None:
    """Make the canary the control, and the champion that later models have to beat."""
    from metrify.config import Home, load_config
    from metrify.steps.install_service import require_service
    from metrify.steps.rollout import promote_canary

    home = Home.from_environment()
    version = promote_canary(require_service(home), load_config(config), home)
    typer.echo(f"{version} is the champion, and gets all meters once the service is started again")


@app.command("stop")
def stop() -> None:
    """Take the canary away: all meters are the control's again."""
    from metrify.config import Home
    from metrify.steps.install_service import require_service
    from metrify.steps.rollout import stop_canary

    typer.echo(f"{stop_canary(require_service(Home.from_environment()))} gets no meters any more")


@app.command("status")
def status(as_json: Annotated[bool, typer.Option("--json", help="Print the split as JSON.")] = False) -> None:
    """Show the split, and the bundles that could become a canary."""
    from metrify.bundles.manifest import FORECASTER_NAME
    from metrify.config import Home
    from metrify.experiments.assignment import CONTROL
    from metrify.steps.install_service import require_service
    from metrify.steps.rollout import read_split, served_bundles

    home = Home.from_environment()
    service = require_service(home)
    canaries = read_split(service)
    split = {CONTROL: 100 - sum(canaries.values()), **canaries}
    served = {name: folder.name for name, folder in served_bundles(service).items()}
    others = sorted({path.name for path in (home.bundles / FORECASTER_NAME).glob("[!.]*")} - set(served.values()))
    if as_json:
        rows = [{"variant": name, "percent": percent, "bundle": served[name]} for name, percent in split.items()]
        print_json({"service": str(service), "split": rows, "other_bundles": others})
        return
    for name, percent in split.items():
        typer.echo(f"{percent:3d} %  {name:24} {served[name]}")
    for name in others:
        typer.echo(f"       {'':24} {name} (not served)")
