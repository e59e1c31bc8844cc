"""What `metrify data quality` and `metrify data quarantine` print."""

from typing import TYPE_CHECKING, Any

import typer

from metrify.config.schema import FAULT_NAMES
from metrify.readings.quality.days import VERDICTS

if TYPE_CHECKING:
    import pandas as pd

_WORST_METERS = 10
_LISTED_DAYS = _LISTED_READINGS = 50
_BAR_WIDTH = 40
_SHADES = dict(zip(VERDICTS, "·▒█", strict=True))


def summarise(name: str, meters: "pd.DataFrame", days: "pd.DataFrame", quarantine: "pd.DataFrame") -> dict[str, Any]:
    """What was found, ready for JSON.

    Args:
        name: Of the dataset.
        meters: All its meters, see `judge_meters`.
        days: The days that were asked for, see `judge_days`; the meters that they are of count.
        quarantine: The readings in quarantine that were asked for, see `list_quarantine`.
    """
    meters = meters[meters["meter_id"].isin(days["meter_id"].unique())]
    by_verdict = days["verdict"].value_counts()
    kept_out = quarantine.loc[~quarantine["released"], "reason"].value_counts()
    return {
        "dataset": name,
        "first_day": f"{days['day'].min():%Y-%m-%d}",
        "last_day": f"{days['day'].max():%Y-%m-%d}",
        "meters": len(meters),
        "accepted": int(meters["accepted"].sum()),
        "new": int(meters["is_new"].sum()),
        "days": {verdict: int(by_verdict.get(verdict, 0)) for verdict in VERDICTS},
        "readings": {"present": int(days["present"].sum()), "expected": int(days["expected"].sum())},
        "faults": {fault: int(days[fault].sum()) for fault in FAULT_NAMES if days[fault].any()},
        "quarantined": {str(reason): int(count) for reason, count in kept_out.items()},
        "released": int(quarantine["released"].sum()),
        "worst_meters": _worst_meters(days, meters),
    }


def print_summary(summary: dict[str, Any]) -> None:
    """Prints what `summarise` found."""
    present, expected = summary["readings"]["present"], summary["readings"]["expected"]
    new = f", {summary['new']} new" if summary["new"] else ""
    typer.echo(f"{summary['dataset']}: {summary['meters']} meters, {summary['accepted']} of them accepted{new}")
    typer.echo(f"{summary['first_day']} to {summary['last_day']}: {present:,} of {expected:,} readings\n")
    total = sum(summary["days"].values())
    for verdict, count in summary["days"].items():
        bar = _SHADES[verdict] * round(_BAR_WIDTH * count / total)
        typer.echo(f"{verdict + ' days':14} {count:>10,} {100 * count / total:6.2f} %  {bar}".rstrip())
    for title, counts in (("faulty readings", summary["faults"]), ("in quarantine", summary["quarantined"])):
        typer.echo(f"\n{title}" if counts else f"\n{title}: none")
        for reason, count in counts.items():
            typer.echo(f"  {reason:28} {count:>10,}")
    if summary["released"]:
        typer.echo(f"\nreleased from quarantine: {summary['released']:,}")
    if summary["worst_meters"]:
        typer.echo(f"\n{'meters with most bad days':26} {'bad':>5} {'suspect':>8} {'coverage':>9}  why not accepted")
    for row in summary["worst_meters"]:
        line = f"{row['meter_id']:26} {row['bad_days']:>5} {row['suspect_days']:>8} {row['coverage']:>9.3f}"
        typer.echo(f"{line}  {row['reasons'] or 'accepted'}")


def print_meter(days: "pd.DataFrame") -> None:
    """Prints the days of one meter: a strip a month, then the days that are not good."""
    typer.echo(f"\n{'  '.join(f'{shade} {verdict}' for verdict, shade in _SHADES.items())}")
    for month, of_month in days.groupby(days["day"].dt.strftime("%Y-%m")):
        before = " " * (int(of_month["day"].iloc[0].day) - 1)
        typer.echo(f"{month}  {before}{''.join(of_month['verdict'].map(_SHADES))}")
    others = days[days["verdict"] != "good"]
    if len(others):
        typer.echo(f"\n{'day':12} {'verdict':8} {'readings':>9} {'gap h':>6}  reasons")
    for day in others.head(_LISTED_DAYS).to_dict("records"):
        usable = f"{day['present'] - day['quarantined']}/{day['expected']}"
        line = f"{day['day']:%Y-%m-%d}   {day['verdict']:8} {usable:>9} {day['longest_gap_hours']:>6g}"
        typer.echo(f"{line}  {day['reasons']}")
    if len(others) > _LISTED_DAYS:
        typer.echo(f"and {len(others) - _LISTED_DAYS} more; narrow them with --from and --to")


def print_quarantine(rows: "pd.DataFrame", timezone: str) -> None:
    """Prints readings in quarantine, in local time."""
    if rows.empty:
        typer.echo("no reading is in quarantine")
        return
    typer.echo(f"{'meter':26} {'local time':22} {'kWh':>10}  reason")
    listed = rows.head(_LISTED_READINGS)
    for row, stamp in zip(listed.itertuples(), listed["timestamp"].dt.tz_convert(timezone), strict=True):
        released = " (released)" if row.released else ""
        typer.echo(f"{row.meter_id:26} {stamp:%Y-%m-%d %H:%M %z} {row.kwh:>12.4g}  {row.reason}{released}")
    if len(rows) > _LISTED_READINGS:
        typer.echo(f"and {len(rows) - _LISTED_READINGS:,} more; narrow them with --meter and --reason, or take --json")


def _worst_meters(days: "pd.DataFrame", meters: "pd.DataFrame") -> list[dict[str, Any]]:
    counts = days.groupby("meter_id")["verdict"].value_counts().unstack(fill_value=0)
    counts = counts.reindex(columns=list(VERDICTS), fill_value=0)
    worst = counts[counts["good"] < counts.sum(axis=1)].sort_values(["bad", "suspect"], ascending=False)
    rows = worst.head(_WORST_METERS).reset_index().merge(meters, on="meter_id").to_dict("records")
    return [
        {
            "meter_id": row["meter_id"],
            "bad_days": row["bad"],
            "suspect_days": row["suspect"],
            "coverage": round(row["coverage"], 4),
            "accepted": row["accepted"],
            "reasons": row["reasons"],
        }
        for row in rows
    ]
