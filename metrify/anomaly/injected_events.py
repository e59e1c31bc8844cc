"""Meter-days with events that were put into some of the meters: what detectors are judged on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from metrify.anomaly.evaluation import TrueEvents
from metrify.anomaly.inject_faults import inject_faults
from metrify.anomaly.kinds import Kind
from metrify.anomaly.meter_days import MeterDays

_METERS_WITH_EVENT = 0.5


@dataclass(frozen=True, eq=False)
class InjectedEvents:
    """Days, and what is wrong with them.

    Attributes:
        days: Of M meters, half of them with one event.
        events: Of these, by day.
    """

    days: MeterDays
    events: TrueEvents


def inject_events(days: MeterDays, kinds: Sequence[Kind], seed: int, turns: int = 0) -> InjectedEvents:
    """Puts one event into each of half of the meters, by a seeded draw; kinds take turns.

    Args:
        days: As they were measured.
        kinds: Of events.
        seed: Of all draws.
        turns: How many events were put into other meters, or the same in other draws, before.

    Raises:
        AnomalyError: There is no room for the longest of the events.
    """
    drawn = np.random.default_rng(seed).permutation(days.shape[0])
    chosen = drawn[: max(round(len(drawn) * _METERS_WITH_EVENT), 1)]
    matrix = days.matrix
    kwh, faults = inject_faults(
        matrix.kwh, matrix.resolution_minutes, chosen.tolist(), kinds, days.columns, seed, turns
    )
    events = TrueEvents(
        np.array([fault.meter for fault in faults]),
        np.array([days.day_of(fault.begin) for fault in faults]),
        np.array([days.day_of(fault.end - 1) + 1 for fault in faults]),
        np.array([fault.kind.value for fault in faults]),
    )
    return InjectedEvents(days.with_kwh(kwh), events)
