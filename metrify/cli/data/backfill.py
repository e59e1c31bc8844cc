"""`metrify data backfill` and `metrify data trace`."""

import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Annotated, Any

import typer

from metrify.cli.output import Figure, print_figures, print_json

if TYPE_CHECKING:
    import pandas as pd

_FIGURES = {
    "changed_readings": "readings",
    "changed_meters": "meters",
    "windows": "windows computed",
    "kept_windows": "windows kept",
    "removed_windows": "windows removed",
    "online_windows": "windows pushed",
}


def backfill(
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Recompute the features that late, corrected or released readings touch, and note the forecasts they touch."""
    from metrify.config import Home
    from metrify.steps.backfill_features import backfill_features
    from metrify.steps.note_touched import TOUCHED_FILE

    home = Home.from_environment()
    with redirect_stdout(sys.stderr):  # a step tells there that its result was reused
        done = backfill_features(home)
    kinds = done.touched["kind"].value_counts()
    meters = {f"meters_with_touched_{kind}s": int(kinds.get(kind, 0)) for kind in ("forecast", "outcome")}
    figures = {name: getattr(done, name) for name in _FIGURES} | meters
    if as_json:
        versions = {"data_version_before": done.data_version_before, "data_version": done.data_version}
        print_json({"dataset": done.dataset, **versions, **figures})
        return
    typer.echo(f"{done.dataset}: data version {done.data_version_before} to {done.data_version}")
    print_figures([Figure(name.replace("_", " "), value, "1") for name, value in figures.items()])
    typer.echo(f"touched  {home.feature_store / TOUCHED_FILE}")


def trace(
    name: Annotated[str, typer.Argument(help="An imported dataset.")],
    meter: Annotated[str, typer.Option(help="Meter number or pseudonym.")],
    origin: Annotated[str, typer.Option(help="When the forecast began, RFC 3339: 2024-03-31T00:00Z.")],
    data_version: Annotated[
        int | None, typer.Option(min=1, help="What had arrived by then; the newest without it.")
    ] = None,
    intervals: Annotated[int, typer.Option(min=1, help="How many intervals before the origin.")] = 672,
    as_json: Annotated[bool, typer.Option("--json", help="Print the readings as JSON.")] = False,
) -> None:
    """Show the readings before a forecast origin as they had arrived then, which were used, and what they are now."""
    from metrify.config import Home
    from metrify.steps.trace_readings import trace_readings

    rows = trace_readings(name, meter, _utc(origin), intervals, data_version, Home.from_environment())
    readings = [_reading(row) for row in rows.itertuples(index=False)]
    if as_json:
        print_json({"dataset": name, "meter": meter, "data_version": data_version, "readings": readings})
        return
    for reading in readings:
        came = "" if reading["kwh"] is None else f"  version {reading['version']}, import {reading['arrived']}"
        came += "" if reading["state"] == "used" else f"  {reading['state']}"
        since = "" if reading["kwh"] == reading["kwh_now"] else f"  now {_kwh(reading['kwh_now'])}"
        typer.echo(f"{reading['timestamp']}  {_kwh(reading['kwh']):>10}{came}{since}")
    used = sum(reading["state"] == "used" for reading in readings)
    other = sum(reading["kwh"] != reading["kwh_now"] for reading in readings)
    typer.echo(f"{used} of {intervals} readings were used, {other} are others now")


def _reading(row: Any) -> dict[str, Any]:
    """A row of the trace with None for what was not known."""
    known = row.kwh == row.kwh
    return {
        "timestamp": row.timestamp.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "kwh": float(row.kwh) if known else None,
        "version": int(row.version) if known else None,
        "arrived": int(row.arrived) if known else None,
        "state": row.state,
        "kwh_now": float(row.kwh_now) if row.kwh_now == row.kwh_now else None,
    }


def _utc(text: str) -> "pd.Timestamp":
    import pandas as pd

    try:
        stamp = pd.Timestamp(text)
        if stamp.tzinfo is None:
            raise typer.BadParameter(f"{text!r} has no offset; write 2024-03-31T00:00Z.", param_hint="--origin")
        return stamp.tz_convert("UTC")
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"{text!r} is no time stamp such as 2024-03-31T00:00Z.", param_hint="--origin"
        ) from None


def _kwh(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
