"""Actions and limits as rows: elements that do the same at the same time are one row."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pandas as pd

from metrify.grid.grid_plan import Action, ActionKind, Binding, Breach, Limit

_REACTIVE = (ActionKind.DRAW_REACTIVE, ActionKind.FEED_REACTIVE)
_OF_FLOWS = (Limit.LOADING, Limit.PLANNING_VOLTAGE, Limit.HARD_VOLTAGE)


@dataclass(frozen=True)
class ActionRow:
    """What one element, or several of them, do.

    Attributes:
        kind: What they do.
        span: Local times.
        elements: Name of the only one, or how many there are.
        amount: Energy, or the position of a tap changer.
        reason: Of the one that does most.
        weight_kwh: By which rows are chosen where not all are shown; 0 of reactive power.
    """

    kind: ActionKind
    span: str
    elements: str
    amount: str
    reason: str
    weight_kwh: float


def action_rows(actions: tuple[Action, ...], timezone: str) -> list[ActionRow]:
    """Rows in the order of time; reactive power, which inverters vary all day, comes last in one row for either kind.

    Args:
        actions: Of a plan.
        timezone: IANA name of the local time.
    """

    def key(action: Action) -> tuple[object, ...]:
        if action.kind in _REACTIVE:
            return (True, action.kind)
        return (False, action.first, action.end, action.kind)

    return [_row(list(group), timezone) for _, group in groupby(sorted(actions, key=key), key=key)]


def _row(group: list[Action], timezone: str) -> ActionRow:
    most = max(group, key=lambda action: action.energy_kwh)
    energy, is_reactive = sum(action.energy_kwh for action in group), most.kind in _REACTIVE
    elements = len({action.element for action in group})
    span = min(action.first for action in group), max(action.end for action in group)
    amount = f"{energy:.1f} {'kvarh' if is_reactive else 'kWh'}"
    if most.kind is ActionKind.TAP:
        amount = f"position {most.kw:.0f}"
    return ActionRow(
        most.kind,
        local_span(*span, timezone),
        most.element if elements == 1 else f"{elements} elements",
        amount,
        most.reason if elements == 1 else f"{most.element}, which does most: {most.reason}",
        0.0 if is_reactive else energy,
    )


def binding_rows(binding: tuple[Binding, ...], timezone: str) -> Iterator[tuple[str, str, str, str, str]]:
    """Limit, element, time, and its value without control and as planned.

    Batteries and loads whose limit is reached at the same time are one row with the sums of their values.
    """
    groups: dict[tuple[object, ...], list[Binding]] = {}
    for one in binding:
        key = (one.limit, one.first, one.end, one.element if one.limit in _OF_FLOWS else "")
        groups.setdefault(key, []).append(one)
    for group in groups.values():
        first = group[0]
        yield (
            str(first.limit),
            first.element if len(group) == 1 else f"{len(group)} elements",
            local_span(first.first, first.end, timezone),
            value_text(sum(one.before for one in group), first.unit),
            value_text(sum(one.after for one in group), first.unit),
        )


def breach_text(breach: Breach, timezone: str) -> str:
    """What is not kept, when, by how much, and whether it could be."""
    worst, least = value_text(breach.worst, breach.unit), value_text(breach.least, breach.unit)
    found = f"{breach.element}: {breach.limit} {worst} at {local_clock(breach.at, timezone)}"
    span = local_span(breach.first, breach.end, timezone)
    if breach.is_avoidable:
        return f"{found}, out of its limit {span}; it can be kept, at {least}"
    return f"{found}, out of its limit {span}; it can't be kept: {least} is the least violation that was found"


def value_text(value: float, unit: str) -> str:
    """A value as it is shown."""
    return f"{value:.3f} pu" if unit == "pu" else f"{value:.1f} {unit}"


def local_clock(moment: np.datetime64, timezone: str) -> str:
    """Local hour and minute."""
    return f"{pd.Timestamp(moment, tz='UTC').tz_convert(timezone):%H:%M}"


def local_span(first: np.datetime64, end: np.datetime64, timezone: str) -> str:
    """Two local times; what ends at midnight ends at 24:00."""
    last = local_clock(end, timezone)
    return f"{local_clock(first, timezone)}-{'24:00' if last == '00:00' else last}"
