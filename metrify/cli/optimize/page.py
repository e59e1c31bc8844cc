"""The page of a plan: its figures, the day as a picture, what is done and why, and the limits that bind."""

from pathlib import Path

from metrify.cli.optimize.rows import action_rows, binding_rows, breach_text, value_text
from metrify.grid.draw_day import draw_day
from metrify.monitoring.page import Section, Table, write_page
from metrify.steps.optimize_feeder import FeederDay

_ACTIONS = ("time", "does", "who", "how much", "why")
_BINDING = ("limit", "element", "time", "without control", "as planned")


def write_plan_page(path: Path, day: str, found: FeederDay) -> None:
    """Writes one self-contained HTML file.

    Args:
        path: The file.
        day: Local date.
        found: The plan.
    """
    plan, zone = found.plan, found.timezone
    name = plan.feeder.network.name
    lead = (
        f"What the elements of {name} do on {day}, decided by {plan.controller} for what is expected ({found.source}). "
        f"It saves {plan.saving_eur:.2f} EUR of {plan.uncontrolled_cost_eur:.2f} EUR."
    )
    if plan.degraded:
        lead += f" A rule decides, for {plan.degraded_reason}."
    rows = [
        [title.replace("_", " "), value_text(before, unit), value_text(after, unit)]
        for title, (before, after, unit) in plan.figures.items()
    ]
    picture = draw_day(plan.feeder, plan.expected, plan.setpoints, plan.settlement, plan.uncontrolled, zone)
    legend = "Dashed: what the connection to the grid above bears. Powers above 0 are drawn, those below are fed in."
    sections = [
        Section("The day", legend, [picture]),
        Section(
            "Figures",
            "All of them are settled by the power flow of each step.",
            table=Table(("", *_BINDING[3:]), rows),
        ),
    ]
    if plan.breaches:
        text = " ".join(f"{breach_text(breach, zone)}." for breach in plan.breaches)
        sections.insert(0, Section("Limits that are not kept", text))
    does = [[row.span, str(row.kind), row.elements, row.amount, row.reason] for row in action_rows(plan.actions, zone)]
    why = "A limit is a reason first, then the peak, then prices, then what is paid for feeding in."
    sections.append(Section("What is done, and why", why, table=Table(_ACTIONS, does)))
    binding = [list(row) for row in binding_rows(plan.binding, zone)]
    text = "They are reached in the plan, or would be exceeded without control."
    sections.append(Section("Limits that bind", text, table=Table(_BINDING, binding)))
    write_page(path, f"Plan of {name}", lead, sections)
