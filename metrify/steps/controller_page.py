"""The page of a controller: the day of the evaluation with the highest loading, without control and with it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from metrify.grid.draw_day import draw_day
from metrify.grid.run_weeks import ControlledWeek
from metrify.grid.settlement import Settlement, settle
from metrify.grid.state import State
from metrify.monitoring.page import Section, Table, write_page
from metrify.steps.feeder_case import FeederCase
from metrify.units import intervals_per_day

_LEGEND = "Dashed: what the connection to the grid above bears. Powers above 0 are drawn, those below are fed in."


def write_controller_page(
    path: Path, case: FeederCase, none: Sequence[ControlledWeek], controlled: Sequence[ControlledWeek], name: str
) -> None:
    """Writes one self-contained HTML file.

    Args:
        path: The file.
        case: The feeder.
        none: The weeks of the evaluation, without control.
        controlled: The same weeks, with it.
        name: Who decides.
    """
    feeder, profiles, zone = case.stored.feeder, case.stored.profiles, case.stored.timezone
    steps = intervals_per_day(profiles.minutes)
    number, first = _most_loaded_day(none, steps)
    week = controlled[number]
    day = profiles.steps(week.week.first + first, steps)
    uncontrolled, settled = (_settle_day(case, ran[number], first, steps) for ran in (none, controlled))
    date = pd.Timestamp(day.start, tz="UTC").tz_convert(zone)
    rows = [
        ["cost, EUR", f"{uncontrolled.cost_eur:.2f}", f"{settled.cost_eur:.2f}"],
        ["peak, kW", f"{uncontrolled.peak_kw:.1f}", f"{settled.peak_kw:.1f}"],
        ["losses, kWh", f"{uncontrolled.losses_kwh:.1f}", f"{settled.losses_kwh:.1f}"],
        ["curtailed, kWh", f"{uncontrolled.curtailed_kwh:.1f}", f"{settled.curtailed_kwh:.1f}"],
        ["highest loading, %", *(f"{one.flow.loading_percent.max():.0f}" for one in (uncontrolled, settled))],
        ["steps with a violation", f"{uncontrolled.violations}", f"{settled.violations}"],
    ]
    picture = draw_day(feeder, day, week.setpoints.steps(first, steps), settled, uncontrolled, zone)
    write_page(
        path,
        f"{feeder.network.name} on {date:%Y-%m-%d}",
        f"The day of the evaluation with the highest loading, and what {name.replace('_', ' ')} makes of it.",
        [
            Section("The day", _LEGEND, [picture]),
            Section(
                "Figures",
                "All of them are settled by the power flow of each step.",
                table=Table(("", "without control", "with control"), rows),
            ),
        ],
    )


def _most_loaded_day(none: Sequence[ControlledWeek], steps: int) -> tuple[int, int]:
    """Number of the week, and of the day's first step in it."""
    highest = np.stack([week.settled.flow.loading_percent.max(axis=1) for week in none])
    number, step = np.unravel_index(highest.argmax(), highest.shape)
    return int(number), int(step) // steps * steps


def _settle_day(case: FeederCase, ran: ControlledWeek, first: int, steps: int) -> Settlement:
    tap = int(ran.setpoints.tap_position[max(first - 1, 0)])
    state = State(ran.settled.stored_kwh[first], ran.settled.owed_kwh[first], tap)
    day = case.stored.profiles.steps(ran.week.first + first, steps)
    return settle(case.stored.feeder, day, ran.setpoints.steps(first, steps), state, case.tariff, case.stored.timezone)
