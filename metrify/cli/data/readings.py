"""`metrify data import` and `metrify data list`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from metrify.cli.data.import_report import import_figures, row_counts
from metrify.cli.output import Figure, print_figures, print_json
from metrify.errors import DatasetError, UsageError


def import_table(
    name: Annotated[str, typer.Option(help="Name of the dataset.")],
    readings: Annotated[Path, typer.Option(help="CSV or Parquet file, one reading a row.")],
    meters: Annotated[
        Path | None, typer.Option(help="CSV or Parquet file of meter_id, group, district, station_id, feeder_id.")
    ] = None,
    meter_column: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME[=THEIRS]", help="A further column of the meters file to keep, such as tariff=TRF."),
    ] = None,
    weather: Annotated[
        Path | None, typer.Option(help="CSV or Parquet file of timestamp, temperature_c and the like, and issued_at.")
    ] = None,
    grid_status: Annotated[
        Path | None, typer.Option(help="CSV or Parquet file of timestamp, feeder_id, loading_percent, voltage_pu.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="CSV or Parquet file of meter_id, start, end, kind: what was wrong, and when.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="OURS=THEIRS", help="What the file calls a column: meter_id=MPAN, version=issued_at."),
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(help="Local time of the meters, and of stamps without an offset. [Europe/London]")
    ] = None,
    unit: Annotated[str | None, typer.Option(help="Unit of the values: kWh, Wh, MWh, kW, W or MW. [kWh]")] = None,
    resolution: Annotated[int | None, typer.Option(min=1, help="Length of an interval in minutes. [60]")] = None,
    register: Annotated[
        bool, typer.Option("--register", help="The values are those of registers that count up.")
    ] = False,
    register_digits: Annotated[
        int | None, typer.Option(min=1, max=12, help="Digits of a register, after which it begins again at 0.")
    ] = None,
    country: Annotated[str | None, typer.Option(help="Whose public holidays count, ISO 3166. [GB]")] = None,
    licence: Annotated[str, typer.Option(help="Under what terms the readings may be used.")] = "not stated",
    citation: Annotated[str, typer.Option(help="How to cite the readings.")] = "not stated",
    append: Annotated[
        bool, typer.Option("--append", help="Add further, late or corrected readings to the dataset of this name.")
    ] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Replace the dataset of this name.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Import readings of any utility as a dataset. Meter numbers become pseudonyms."""
    if append and replace:
        raise typer.BadParameter("a dataset is added to or replaced, not both.", param_hint="--append")
    if meter_column and meters is None:
        raise typer.BadParameter("there is no file of meters; name it with --meters.", param_hint="--meter-column")
    whole = [pair if "=" in pair else f"{pair}={pair}" for pair in meter_column or []]
    told = {
        "columns": parse_columns(column) if column else None,
        "meter_columns": parse_columns(whole, "--meter-column") if whole else None,
        "timezone": timezone,
        "resolution_minutes": resolution,
        "country": country,
        "unit": unit,
        "is_register": register or None,
        "register_digits": register_digits,
    }

    from metrify.config import Home
    from metrify.readings.sources.import_settings import remembered_settings
    from metrify.readings.sources.table_source import TableSource
    from metrify.steps.import_dataset import check_name, import_dataset

    with told_wrongly():
        check_name(name)
    home = Home.from_environment()
    remembered = remembered_settings(home.datasets / name) if append else {}
    settings = remembered | {key: value for key, value in told.items() if value is not None}
    if settings.get("register_digits") and not settings.get("is_register"):
        raise typer.BadParameter("only a register has digits; add --register.", param_hint="--register-digits")
    source = TableSource(
        readings,
        name,
        licence=licence,
        citation=citation,
        meters=meters,
        weather=weather,
        grid_status=grid_status,
        labels=labels,
        **settings,
    )
    with told_wrongly():
        source.check_options()
    imported = import_dataset(source, replace, append, home, row_counts())
    figures = import_figures(imported)
    if as_json:
        print_json({"name": name, "folder": str(home.datasets / name), **figures})
        return
    if imported.is_replay:
        taken = " Its meters, weather, grid status and labels were taken." if imported.has_surroundings else ""
        typer.echo(f"This file is in the dataset already, as data version {imported.arrival.data_version}.{taken}")
        return
    shown = {figure: value for figure, value in figures.items() if not isinstance(value, bool)}
    print_figures([Figure(figure.replace("_", " "), value, "1") for figure, value in shown.items()])
    typer.echo(f"dataset  {home.datasets / name} (local time {source.timezone}, holidays {source.country})")
    more = ", or `metrify data backfill` where its features are in the store" if append else ""
    typer.echo(f"next     metrify train --dataset {name}{more}")


@contextmanager
def told_wrongly() -> Iterator[None]:
    """What is wrong with a dataset's description is wrong with the options here."""
    try:
        yield
    except DatasetError as error:
        raise UsageError(error.problem, error.mend) from error


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


def parse_columns(pairs: list[str], option: str = "--column") -> dict[str, str]:
    """Pairs OURS=THEIRS by our name.

    Raises:
        BadParameter: One is no pair, or names a column twice.
    """
    columns: dict[str, str] = {}
    for pair in pairs:
        ours, separator, theirs = pair.partition("=")
        if not (separator and ours and theirs):
            raise typer.BadParameter(f"{pair!r} is no pair OURS=THEIRS, such as meter_id=MPAN.", param_hint=option)
        if ours in columns:
            raise typer.BadParameter(f"{ours} is named twice.", param_hint=option)
        columns[ours] = theirs
    return columns
