"""`metrify data`."""

from pathlib import Path
from typing import Annotated

import typer

from metrify.cli.output import Figure, print_figures, print_json

app = typer.Typer(help="Import and list datasets.", no_args_is_help=True, rich_markup_mode=None)


@app.command("import")
def import_table(
    name: Annotated[str, typer.Option(help="Name of the new dataset.")],
    readings: Annotated[Path, typer.Option(help="CSV or Parquet file, one reading a row.")],
    meters: Annotated[Path | None, typer.Option(help="CSV or Parquet file of meter_id, group, district.")] = None,
    column: Annotated[
        list[str] | None, typer.Option(metavar="OURS=THEIRS", help="What the file calls a column: meter_id=MPAN.")
    ] = None,
    timezone: Annotated[str, typer.Option(help="Local time of the meters, and of stamps without an offset.")] = (
        "Europe/London"
    ),
    unit: Annotated[str, typer.Option(help="Unit of the values: kWh, Wh, MWh, kW, W or MW.")] = "kWh",
    resolution: Annotated[int, typer.Option(help="Length of an interval in minutes.")] = 60,
    country: Annotated[str, typer.Option(help="Whose public holidays count, ISO 3166.")] = "GB",
    licence: Annotated[str, typer.Option(help="Under what terms the readings may be used.")] = "not stated",
    citation: Annotated[str, typer.Option(help="How to cite the readings.")] = "not stated",
    replace: Annotated[bool, typer.Option("--replace", help="Replace the dataset of this name.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Import readings of any utility as a dataset. Meter numbers become pseudonyms."""
    columns = _columns(column or [])

    from metrify.config import Home
    from metrify.readings.sources.table import TableSource
    from metrify.steps.import_dataset import import_dataset

    source = TableSource(readings, name, columns, timezone, unit, resolution, country, licence, citation, meters)
    home = Home.from_environment()
    figures = import_dataset(source, replace, home)
    if as_json:
        print_json({"name": name, "folder": str(home.datasets / name), **figures})
        return
    print_figures([Figure(figure.replace("_", " "), value, "1") for figure, value in figures.items()])
    typer.echo(f"dataset  {home.datasets / name} (local time {timezone}, holidays {country})")
    typer.echo(f"next     metrify train --dataset {name}")


@app.command("list")
def list_all(as_json: Annotated[bool, typer.Option("--json", help="Print the names as JSON.")] = False) -> None:
    """List the datasets that can be trained on."""
    from metrify.config import Home
    from metrify.readings.sources import SOURCES, imported_names

    imported = imported_names(Home.from_environment().datasets)
    if as_json:
        print_json({"built_in": list(SOURCES), "imported": list(imported)})
        return
    for names, kind in ((SOURCES, "built-in"), (imported, "imported")):
        for name in names:
            typer.echo(f"{kind}  {name}")


def _columns(pairs: list[str]) -> dict[str, str]:
    columns: dict[str, str] = {}
    for pair in pairs:
        ours, separator, theirs = pair.partition("=")
        if not (separator and ours and theirs):
            raise typer.BadParameter(f"{pair!r} is no pair OURS=THEIRS, such as meter_id=MPAN.", param_hint="--column")
        if ours in columns:
            raise typer.BadParameter(f"{ours} is named twice.", param_hint="--column")
        columns[ours] = theirs
    return columns
