"""`metrify data quality`, `metrify data quarantine` and `metrify data release`."""

import sys
from contextlib import redirect_stdout
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metrify.cli.output import print_json
from metrify.errors import DatasetError, UsageError

if TYPE_CHECKING:
    import pandas as pd

    from metrify.config import Home, MetrifyConfig
    from metrify.readings.quality.judge import ExaminedReadings

Name = Annotated[str, typer.Argument(help="A dataset of `metrify data list`.")]
Meter = Annotated[str | None, typer.Option(help="Number or pseudonym of a meter.")]
First = Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First local day.")]
Last = Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last local day.")]
Reason = Annotated[str | None, typer.Option(help="A fault, for instance negative, spike or stuck.")]
Config = Annotated[Path | None, typer.Option(help="Configuration file; the default one without it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def show_quality(
    name: Name,
    meter: Meter = None,
    first: First = None,
    last: Last = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show which days and meters are good, and why not."""
    examined, settings, home, _ = _examine(name, config)

    from metrify.cli.data.quality_report import print_meter, print_summary, summarise
    from metrify.steps.judge_source import find_meter, judge_source

    verdicts = judge_source(name, examined, settings, home)
    wanted = find_meter(meter, examined, home) if meter else None
    of_meter = [
        table[table["meter_id"] == wanted] if wanted else table for table in (verdicts.days, verdicts.quarantine)
    ]
    days = _between(of_meter[0], of_meter[0]["day"], first, last)
    local = of_meter[1]["timestamp"].dt.tz_convert(examined.info.timezone).dt.tz_localize(None)
    quarantine = _between(of_meter[1], local.dt.normalize(), first, last)
    if days.empty:
        raise DatasetError("No day of the dataset fits.", "Widen --from and --to.")
    summary = summarise(name, verdicts.meters, days, quarantine)
    if as_json:
        print_json(summary)
        return
    print_summary(summary)
    if wanted:
        print_meter(days)


def show_quarantine(
    name: Name,
    reason: Reason = None,
    meter: Meter = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List the readings in quarantine and their reasons."""
    from metrify.readings.quality.faults import parse_faults

    parse_faults(reason or "future")
    examined, settings, home, _ = _examine(name, config)

    from metrify.cli.data.quality_report import print_quarantine
    from metrify.steps.judge_source import find_meter, judge_source

    rows = judge_source(name, examined, settings, home).quarantine
    if meter:
        rows = rows[rows["meter_id"] == find_meter(meter, examined, home)]
    if reason:
        rows = rows[rows["reason"].str.split("+").map(set(reason.split("+")).issubset)]
    if as_json:
        stamps = rows["timestamp"].map(lambda stamp: stamp.isoformat())
        print_json(rows.assign(timestamp=stamps).to_dict("records"))
        return
    print_quarantine(rows, examined.info.timezone)


def release(
    name: Name,
    meter: Annotated[str, typer.Option(help="Number or pseudonym of the meter.")],
    because: Annotated[str, typer.Option(help="Why the readings are right; who looked at them.")],
    first: First = None,
    last: Last = None,
    reason: Reason = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Release readings of a meter from quarantine. The next training uses them."""
    from metrify.readings.quality.faults import WRONG_STAMPS, parse_faults

    if not because.strip():
        raise UsageError("The reason of the release is empty.", "Say after --because why the readings are right.")
    if first and last and first > last:
        raise UsageError(f"--from {first:%Y-%m-%d} is after --to {last:%Y-%m-%d}.", "Exchange them.")
    if reason and parse_faults(reason) & WRONG_STAMPS:
        raise UsageError(
            f"Readings with a wrong stamp ({reason}) can't be released.",
            "Import them with mended stamps; those of the future count when their time has come.",
        )
    examined, settings, home, now = _examine(name, config)

    import pandas as pd

    from metrify.steps.judge_source import Release, find_meter, release_readings

    from_day, to_day = (pd.Timestamp(day) if day else None for day in (first, last))
    wanted = Release(find_meter(meter, examined, home), from_day, to_day, reason or "", because.strip())
    released = release_readings(name, wanted, examined, settings, now, home)
    if not released:
        raise DatasetError(
            f"No reading of {meter!r} that fits is in quarantine.",
            f"See `metrify data quarantine {name} --meter {meter}`.",
        )
    if as_json:
        print_json({"dataset": name, "meter_id": wanted.meter_id, "released": released})
        return
    typer.echo(f"released  {released} reading{'s' if released > 1 else ''} of {wanted.meter_id}")
    typer.echo(f"next      metrify train --dataset {name}, or metrify data backfill for a store that is filled with it")


def _examine(name: str, config: Path | None) -> "tuple[ExaminedReadings, MetrifyConfig, Home, pd.Timestamp]":
    """Reads and examines a dataset; returns also what that was done with and when."""
    import pandas as pd

    from metrify.config import Home, load_config
    from metrify.steps.judge_source import examine_source

    settings, home, now = load_config(config), Home.from_environment(), pd.Timestamp.now("UTC")
    typer.echo(f"judging the readings of {name}", err=True)
    with redirect_stdout(sys.stderr):  # a step tells there that its result was reused
        return examine_source(name, settings, now, home), settings, home, now


def _between(rows: "pd.DataFrame", day: "pd.Series", first: datetime | None, last: datetime | None) -> "pd.DataFrame":
    return rows[(day >= (first or datetime.min)) & (day <= (last or datetime.max))]
