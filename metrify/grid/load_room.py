"""What loads that can be shifted may do in one step, so that none owes energy when the local day ends."""

from dataclasses import dataclass

import numpy as np

from metrify.grid.feeder import Feeder, Profiles
from metrify.grid.local_clock import ends_local_day
from metrify.grid.state import State

_SURE_SHARE = 0.6  # of the room that is expected until the day ends, on which loads that owe energy count


@dataclass(frozen=True, eq=False)
class LoadRoom:
    """What loads that can be shifted may do in the present step, so that each owes nothing when the day ends.

    Attributes:
        least_kw: `[L]` that each has to draw beyond its profile; 0 where it owes little enough.
        most_kw: `[L]` that each may.
        put_off_kw: `[L]` that each may put off.
    """

    least_kw: np.ndarray
    most_kw: np.ndarray
    put_off_kw: np.ndarray


def find_load_room(feeder: Feeder, expected: Profiles, state: State, timezone: str) -> LoadRoom:
    """What loads may do in the first step of what is expected.

    Args:
        feeder: What is connected.
        expected: T steps, the present one first.
        state: When it begins.
        timezone: IANA name of the local time.
    """
    ends, hours = ends_local_day(expected.ends, timezone), expected.hours
    left = int(ends.argmax()) + 1 if ends.any() else len(expected)
    can_shift = feeder.shiftable_kw > 0
    load = expected.load_kw[0]
    free = np.where(can_shift, np.maximum(feeder.shiftable_kw - expected.load_kw[:left], 0), 0)
    later_kwh = _SURE_SHARE * free[1:].sum(axis=0) * hours
    owed = np.maximum(state.owed_kwh, 0)
    most = np.minimum(free[0], owed / hours)
    least = np.minimum(np.maximum(owed - later_kwh, 0) / hours, most)
    put_off = np.where(can_shift, np.clip((later_kwh - owed) / hours, 0, load), 0)
    return LoadRoom(least, most, put_off)
