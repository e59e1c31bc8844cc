"""`metrify data import-feeder`."""

from pathlib import Path
from typing import Annotated

import typer

from metrify.cli.data.readings import told_wrongly
from metrify.cli.output import called_as, print_json


def import_feeder(
    net: Annotated[Path, typer.Argument(help="JSON file that pandapower.to_json wrote.")],
    profiles: Annotated[
        Path, typer.Option(help="CSV or Parquet file of timestamp, load/<name>/kw, load/<name>/kvar, sgen/<name>/kw.")
    ],
    name: Annotated[str, typer.Option(help="Name of the feeder, and of the dataset of its elements.")],
    timezone: Annotated[str, typer.Option(help="Local time of the feeder, such as Europe/Berlin.")],
    country: Annotated[str, typer.Option(help="Whose public holidays count, ISO 3166.")] = "DE",
    licence: Annotated[str, typer.Option(help="Under what terms the profiles may be used.")] = "not stated",
    citation: Annotated[str, typer.Option(help="How to cite the profiles.")] = "not stated",
    replace: Annotated[bool, typer.Option("--replace", help="Replace the feeder and dataset of this name.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Import a pandapower net with profiles as a feeder that can be optimised, and its elements as a dataset."""
    from metrify.config import Home
    from metrify.steps.import_dataset import check_name
    from metrify.steps.import_feeder import import_feeder as run

    with told_wrongly():
        check_name(name)
    home = Home.from_environment()
    stored = run(net, profiles, name, timezone, home, country, licence, citation, replace)
    feeder, days = stored.feeder, len(stored.profiles) * stored.profiles.hours / 24
    figures = {
        "buses": len(feeder.network.bus_names),
        "branches": len(feeder.network.branch_names),
        "loads": len(feeder.load_names),
        "shiftable_loads": int((feeder.shiftable_kw > 0).sum()),
        "inverters": len(feeder.pv_names),
        "batteries": len(feeder.batteries),
        "tap_positions": len(feeder.network.taps),
        "days": round(days, 2),
    }
    if as_json:
        print_json({"name": name, "folder": str(home.feeders / name), **figures})
        return
    for title, value in figures.items():
        typer.echo(f"{title.replace('_', ' '):16}  {value:g}")
    typer.echo(f"feeder   {home.feeders / name}")
    typer.echo(f"dataset  {home.datasets / name}")
    typer.echo(f"next     {called_as()} optimize --feeder {name}, or {called_as()} train --dataset {name}")
