"""`metrify optimize`: what a feeder's batteries, inverters, loads and tap changer should do on one day, and why."""

import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metrify.cli.output import print_json
from metrify.errors import GridError, UsageError

if TYPE_CHECKING:
    from metrify.grid.grid_plan import GridPlan
    from metrify.steps.optimize_feeder import ControllerName, FeederDay

_ROWS = 20  # of actions, and of limits, that are printed


class ControllerChoice(StrEnum):
    """Who decides."""

    LEARNT = "learnt"
    MODEL_PREDICTIVE = "model_predictive"
    SELF_CONSUMPTION = "self_consumption"
    NONE = "none"


def optimize(
    feeder: Annotated[str, typer.Option(help="A SimBench grid such as 1-LV-rural1--2-sw, or an imported feeder.")],
    day: Annotated[
        str | None,
        typer.Option(
            help="Local date, such as 2016-07-25; without it what is forecast, or else the last whole day of profiles."
        ),
    ] = None,
    measured: Annotated[
        bool, typer.Option("--measured", help="Plan for what came on that day, and not for what is expected.")
    ] = False,
    controller: Annotated[
        ControllerChoice | None, typer.Option(help="Who decides; whom the bundle names without it.")
    ] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="Bundle of a controller of the feeder; the one that is served without it.")
    ] = None,
    stored_kwh: Annotated[float, typer.Option(min=0, help="In all batteries together when the day begins.")] = 0.0,
    peak_kw: Annotated[
        float, typer.Option(min=0, help="Highest power that flowed in before, in the time the peak is charged for.")
    ] = 0.0,
    output: Annotated[Path | None, typer.Option(help="HTML page to write, with a picture of the day.")] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration file; the default one without it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan and its setpoints as JSON.")] = False,
) -> None:
    """Plan a day of a feeder: what its elements do, why, what that saves, and which limits bind."""
    date = _parse_date(day) if day else None
    if output and output.is_dir():
        raise UsageError(f"{output} is a folder.", "Name a file in it.")

    from metrify.cli.optimize.rows import breach_text
    from metrify.config import Home, load_config
    from metrify.steps.optimize_feeder import optimize_feeder

    chosen: ControllerName | None = controller.value if controller else None
    found = optimize_feeder(
        feeder, load_config(config), Home.from_environment(), date, chosen, stored_kwh, peak_kw, measured, bundle
    )
    if output:
        from metrify.cli.optimize.page import write_plan_page

        write_plan_page(output, _day_of(found), found)
    if as_json:
        from metrify.cli.optimize.plan_json import plan_values

        print_json(plan_values(found, _day_of(found)))
    else:
        _print(found)
    breaches = [breach for breach in found.plan.breaches if not breach.is_avoidable]
    if breaches:
        raise GridError(
            f"The limits of {feeder} can't all be kept: {breach_text(breaches[0], found.timezone)}.",
            "Strengthen what is overloaded, add storage there, or begin the day with more in the batteries.",
        )


def _parse_date(day: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(day)
    except ValueError as error:
        raise UsageError(f"The day {day} is no date.", "Give it as 2016-07-25.") from error


def _day_of(found: "FeederDay") -> str:
    import pandas as pd

    return f"{pd.Timestamp(found.plan.expected.start, tz='UTC').tz_convert(found.timezone):%Y-%m-%d}"


def _print(found: "FeederDay") -> None:
    from metrify.cli.optimize.rows import action_rows, binding_rows, breach_text

    plan, zone = found.plan, found.timezone
    typer.echo(f"{plan.feeder.network.name} on {_day_of(found)}, {found.source}, decided by {plan.controller}")
    if plan.degraded:
        typer.echo(f"degraded: a rule decides, for {plan.degraded_reason}")
    _print_figures(plan)
    rows = action_rows(plan.actions, zone)
    shown = sorted(rows, key=lambda row: -row.weight_kwh)[:_ROWS]
    typer.echo("\nwhat is done, and why")
    for row in rows:
        if row in shown:
            typer.echo(f"  {row.span}  {row.kind:19}  {row.amount:>12}  {row.elements}: {row.reason}")
    _print_rest(len(rows) - len(shown))
    limits = list(binding_rows(plan.binding, zone))
    typer.echo("\nlimits that bind" if limits else "\nno limit binds")
    for limit, element, span, before, after in limits[:_ROWS]:
        typer.echo(f"  {span}  {limit:16}  {element}: {before} without control, {after} as planned")
    _print_rest(len(limits) - _ROWS)
    for breach in plan.breaches:
        typer.echo(f"not kept: {breach_text(breach, zone)}")


def _print_figures(plan: "GridPlan") -> None:
    from metrify.cli.optimize.rows import value_text

    typer.echo(f"saves {plan.saving_eur:.2f} EUR\n\n{'':16}  {'no control':>12}  {'plan':>12}")
    for name, (before, after, unit) in plan.figures.items():
        typer.echo(f"{name.replace('_', ' '):16}  {value_text(before, unit):>12}  {value_text(after, unit):>12}")


def _print_rest(count: int) -> None:
    if count > 0:
        typer.echo(f"  {count} more: --output plan.html or --json")
