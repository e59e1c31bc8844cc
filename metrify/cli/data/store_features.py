"""`metrify data features store`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metrify.cli.data.readings import parse_columns
from metrify.cli.output import Figure, print_figures, print_json

if TYPE_CHECKING:
    from metrify.config import Home


def store(
    name: Annotated[str, typer.Argument(help="The feature that is stored: load_window.")] = "load_window",
    values: Annotated[
        Path | None,
        typer.Option(help="CSV or Parquet file of meter_id, window_end and load_window (in CSV a JSON list)."),
    ] = None,
    readings: Annotated[
        Path | None, typer.Option(help="CSV or Parquet file of meter_id, timestamp and kwh: windows move on by them.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="OURS=THEIRS", help="What the file calls a column: meter_id=MPAN."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="Length of windows before there are any; the default one without it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Push whole windows, or new readings, to the online store. Stamps need their offset."""
    if values and readings:
        raise typer.BadParameter("give --values or --readings, not both.", param_hint="--values")
    columns = parse_columns(column or [])

    from metrify.config import Home
    from metrify.steps.find_feature import find_stored_feature

    label, home = find_stored_feature(name).label, Home.from_environment()
    if readings:
        figures = _store_readings(readings, columns, home)
    elif values:
        figures = _store_values(values, columns, config, home)
    else:
        raise typer.BadParameter("give --values or --readings.", param_hint="--values")
    if as_json:
        print_json({"feature": label, **figures})
        return
    print_figures([Figure(figure.replace("_", " "), value, "1") for figure, value in figures.items()])


def _store_values(path: Path, columns: dict[str, str], config: Path | None, home: "Home") -> dict[str, int]:
    import pandas as pd

    from metrify.adapters.materialised_readings import is_materialised, read_place
    from metrify.config import load_config
    from metrify.steps.read_pushed_file import read_pushed_windows
    from metrify.steps.store_windows import store_windows

    settings = load_config(config)
    place = read_place(home) if is_materialised(home) else None
    lookback = place.lookback if place else settings.feature_engineering.lookback_window
    meters, ends, windows = read_pushed_windows(path, columns, lookback, place, pd.Timestamp.now("UTC"))
    left_out = store_windows(meters, ends, windows, lookback, home)
    return {"windows_pushed": len(meters) - left_out, "left_out_as_older": left_out}


def _store_readings(path: Path, columns: dict[str, str], home: "Home") -> dict[str, int]:
    import pandas as pd

    from metrify.adapters.materialised_readings import read_place
    from metrify.steps.push_readings import push_readings
    from metrify.steps.read_pushed_file import read_pushed_readings

    place = read_place(home)
    readings, empty = read_pushed_readings(path, columns, place, pd.Timestamp.now("UTC"))
    pushed = push_readings(readings, place, home)
    return {
        "windows_pushed": pushed.meters,
        "new_meters": pushed.new_meters,
        "readings_pushed": pushed.readings,
        "readings_before_the_window": pushed.too_old,
        "rows_without_a_value": empty,
    }
