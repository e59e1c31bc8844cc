"""`metrify detect`: what field crews should look at, or one day of some meters."""

import datetime
import math
import sys
import tempfile
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metrify.cli.output import print_json, progress_console, sparkline
from metrify.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Hashable

    import pandas as pd

    from metrify.bundles.load import Bundle
    from metrify.config import Home
    from metrify.steps.judge_day import DayVerdicts

_SHOWN = 20


def detect(
    meter: Annotated[
        list[str] | None, typer.Option(help="Judge a day of this meter; repeat it for several. All days without it.")
    ] = None,
    day: Annotated[str | None, typer.Option(help="Local date, such as 2024-06-30; the newest without it.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Dataset; METRIFY_DATASET or simbench without it.")] = None,
    bundle: Annotated[Path | None, typer.Option(help="Bundle; the one that is served without it.")] = None,
    page: Annotated[
        Path | None, typer.Option(help="HTML page to write, with the readings of the first events.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="CSV file to write: all events.")] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration file; the default one without it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the events, or the judged days, as JSON.")] = False,
) -> None:
    """List anomalies of a dataset for field crews, the most urgent first, or judge one day of some meters."""
    from metrify.config import Home

    if day:
        _require_date(day)
    if any(not name.strip() for name in meter or ()):
        raise UsageError("A meter has no name.", "Give its number or pseudonym.")
    for path in filter(None, (page, output)):
        if path.is_dir():
            raise UsageError(f"{path} is a folder.", "Name a file in it.")
    home = Home.from_environment()
    loaded = _load(bundle, home)
    if meter:
        if page or output:
            raise UsageError("A page and a file are of all meters.", "Leave --meter out, or --page and --output.")
        if dataset or config:
            raise UsageError(
                "A day of a meter is judged from the feature store, whatever the dataset and the configuration.",
                "Leave --meter out, or --dataset and --config.",
            )
        _show_days(loaded, meter, day, home, as_json)
    elif day:
        raise UsageError("A day alone is asked for.", "Name a meter with --meter.")
    else:
        _list_events(loaded, dataset, config, page, output, home, as_json)


def _load(bundle: Path | None, home: "Home") -> "Bundle":
    from metrify.bundles.load import load_bundle
    from metrify.bundles.manifest import DETECTOR_NAME
    from metrify.bundles.signature import PUBLIC_KEY_FILE, load_public_key
    from metrify.experiments.assignment import CONTROL
    from metrify.steps.install_service import require_service
    from metrify.steps.rollout import served_bundles

    folder = bundle or served_bundles(require_service(home, DETECTOR_NAME))[CONTROL]
    loaded = load_bundle(folder, load_public_key(home.keys / PUBLIC_KEY_FILE))
    if loaded.manifest.task != "anomaly-detection":
        raise UsageError(f"{folder.name} is no detector.", "Train one with `metrify train --models anomaly`.")
    return loaded


def _require_date(day: str) -> None:
    try:
        datetime.date.fromisoformat(day)
    except ValueError as error:
        raise UsageError(f"The day {day} is no date.", "Give it as 2024-06-30.") from error


def _show_days(bundle: "Bundle", meters: list[str], day: str | None, home: "Home", as_json: bool) -> None:
    from metrify.steps.judge_day import judge_day

    verdicts = judge_day(bundle, meters, day, home)
    if as_json:
        print_json(
            {"model_version": bundle.manifest.version, "threshold": verdicts.threshold, "days": _as_dicts(verdicts)}
        )
        return
    for row, name in enumerate(verdicts.meter_ids):
        called = verdicts.kind[row] if verdicts.is_anomaly[row] else "ordinary"
        typer.echo(
            f"{name}  {verdicts.days[row]}  {called}  score {verdicts.score[row]:.3f} "
            f"(threshold {verdicts.threshold:.3f})"
        )
        if verdicts.silence[row]:
            typer.echo(f"  silent        {verdicts.silence[row]}")
        typer.echo(f"  readings      {sparkline(verdicts.kwh[row].tolist())}")
        typer.echo(f"  contribution  {sparkline(verdicts.contribution[row].tolist())}")


def _as_dicts(verdicts: "DayVerdicts") -> list[dict[str, object]]:
    return [
        {
            "meter_id": meter,
            "day": verdicts.days[row],
            "score": float(verdicts.score[row]),
            "is_anomaly": bool(verdicts.is_anomaly[row]),
            "kind": verdicts.kind[row],
            "missing_share": float(verdicts.missing_share[row]),
            "silence": verdicts.silence[row],
            "contribution": verdicts.contribution[row].tolist(),
        }
        for row, meter in enumerate(verdicts.meter_ids)
    ]


def _list_events(
    bundle: "Bundle",
    dataset: str | None,
    config: Path | None,
    page: Path | None,
    output: Path | None,
    home: "Home",
    as_json: bool,
) -> None:
    from metrify.cli.training_run import dataset_name
    from metrify.config import load_config
    from metrify.steps.detect_anomalies import detect_anomalies

    source, console = dataset or dataset_name(), progress_console()
    with (
        tempfile.TemporaryDirectory(prefix="metrify-detect-") as scratch,
        console.status(f"judging {source}"),
        redirect_stdout(sys.stderr),  # steps print what they reuse, and only the events belong to the answer
    ):
        found = detect_anomalies(source, bundle, Path(scratch), load_config(config), home)
    if output:
        output.parent.mkdir(parents=True, exist_ok=True)
        found.events.to_csv(output, index=False)
    if page:
        from metrify.cli.detect.page import write_detect_page

        write_detect_page(page, source, bundle.manifest, found)
    meters, days = found.judged.days.shape
    if as_json:
        print_json(
            {
                "model_version": bundle.manifest.version,
                "meters": meters,
                "meter_days": meters * days,
                "events": _records(found.events),
                "expected_false_alarms": round(found.expected_false_alarms, 1),
                "not_judged": found.not_judged.to_dict("records"),
            }
        )
        return
    typer.echo(f"{len(found.events)} events in {meters * days:,} days of {meters} meters, the most urgent first")
    typer.echo(f"the threshold allows for {found.expected_false_alarms:.0f} false alarms in that time")
    for event in found.events.head(_SHOWN).to_dict("records"):
        first = event["start"].tz_convert(bundle.manifest.timezone)
        span = f"{first:%Y-%m-%d} {event['days']:3d} d{' and on' if event['is_open'] else '':7}"
        typer.echo(
            f"{event['rank']:4d}  {event['severity']:6}  {event['kind']:11}  {event['meter_id']}  {span}  "
            f"{event['energy_kwh']:9.1f} kWh {event['counted']}"
        )
    if len(found.events) > _SHOWN:
        typer.echo(f"{len(found.events) - _SHOWN} more: --output events.csv, --page events.html or --json")
    for row in found.not_judged.to_dict("records"):
        typer.echo(f"{row['meter_id']}  not judged: {row['reason']}", err=True)


def _records(events: "pd.DataFrame") -> list[dict["Hashable", object]]:
    times = {name: events[name].map(lambda at: f"{at:%Y-%m-%dT%H:%M:%SZ}") for name in ("start", "end")}
    rows = events.assign(**times).to_dict("records")
    return [row | {"score": None if math.isnan(row["score"]) else row["score"]} for row in rows]  # JSON has no NaN
