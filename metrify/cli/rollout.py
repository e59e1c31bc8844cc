"""`metrify rollout`: changes the split of an installed service, as `kubectl patch` does on a cluster."""

from pathlib import Path
from typing import Annotated

import typer

from metrify.cli.installed_service import ServiceOption, installed_service, service_with_canary
from metrify.cli.output import print_json
from metrify.errors import UsageError

app = typer.Typer(
    help="Start, raise, promote and stop a canary of an installed service.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("start")
def start(
    version: Annotated[str, typer.Argument(help="Version of a bundle, for instance gru-a17441e6a4.")],
    percent: Annotated[int | None, typer.Option(help="Share of the meters; 20 without it.")] = None,
) -> None:
    """Give a bundle a share of the meters of the service that is called as the bundle is."""
    from metrify.bundles.signature import PUBLIC_KEY_FILE
    from metrify.config import Home, default_config
    from metrify.steps.rollout import find_bundle, start_canary

    home = Home.from_environment()
    share = default_config().rollout.canary_percent if percent is None else percent
    bundle = find_bundle(home, version)
    name = start_canary(installed_service(bundle.parent.name), bundle, share, home.keys / PUBLIC_KEY_FILE)
    typer.echo(f"{name} gets {share} % of the meters")


@app.command("set")
def set_share(
    percent: Annotated[int, typer.Argument(help="Share of the meters, 1 to 100.")], service: ServiceOption = None
) -> None:
    """Change the canary's share. Raising it moves only new meters; lowering it moves the last ones back."""
    from metrify.steps.rollout import set_percent

    name = set_percent(service_with_canary(service), percent)
    typer.echo(f"{name} gets {percent} % of the meters")


@app.command("promote")
def promote(
    version: Annotated[
        str | None, typer.Argument(help="Version of a bundle to serve at once; the canary's without it.")
    ] = None,
    service: ServiceOption = None,
    config: Annotated[Path | None, typer.Option(help="Configuration file; the default one without it.")] = None,
) -> None:
    """Make the canary, or another bundle, the control, and the champion that later models have to beat."""
    from metrify.bundles.signature import PUBLIC_KEY_FILE
    from metrify.config import Home, load_config
    from metrify.steps.rollout import find_bundle, promote_bundle, promote_canary

    settings, home = load_config(config), Home.from_environment()
    if version is None:
        version = promote_canary(service_with_canary(service), settings, home)
    else:
        bundle = find_bundle(home, version)
        if service not in (None, bundle.parent.name):
            raise UsageError(
                f"{version} is a bundle of {bundle.parent.name}, not of {service}.", "Leave --service out."
            )
        promote_bundle(bundle, home.keys / PUBLIC_KEY_FILE, settings, home)
    typer.echo(f"{version} is the champion, and gets all meters once the service is started again")


@app.command("stop")
def stop(service: ServiceOption = None) -> None:
    """Take the canary away: all meters are the control's again."""
    from metrify.steps.rollout import stop_canary

    typer.echo(f"{stop_canary(service_with_canary(service))} gets no meters any more")


@app.command("status")
def status(
    service: ServiceOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the split as JSON.")] = False,
) -> None:
    """Show the split, and the bundles that could become a canary."""
    from metrify.config import Home
    from metrify.experiments.assignment import CONTROL
    from metrify.steps.rollout import read_split, served_bundles

    bundles, path = Home.from_environment().bundles, service_with_canary(service)
    canaries = read_split(path)
    split = {CONTROL: 100 - sum(canaries.values()), **canaries}
    served = {name: folder.name for name, folder in served_bundles(path).items()}
    others = sorted({path.name for path in (bundles / path.stem).glob("[!.]*")} - set(served.values()))
    if as_json:
        rows = [{"variant": name, "percent": percent, "bundle": served[name]} for name, percent in split.items()]
        print_json({"service": str(path), "split": rows, "other_bundles": others})
        return
    typer.echo(path.stem)
    for name, percent in split.items():
        typer.echo(f"{percent:3d} %  {name:24} {served[name]}")
    for name in others:
        typer.echo(f"       {'':24} {name} (not served)")
