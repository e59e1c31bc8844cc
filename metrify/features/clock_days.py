"""Windows by the local clock, so that the same place in each day is the same clock time, also over a clock change."""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from metrify.features.local_time import to_local
from metrify.units import intervals_per_day

if TYPE_CHECKING:
    from metrify.features.batch import FeatureBatch, FeatureContext

_ORIGINS_HELD = 4_096  # whole days apart, more than eleven years


def by_clock(windows: np.ndarray, batch: "FeatureBatch") -> np.ndarray:
    """Moves what lies before a clock change, so that whole days of 24 hours on the clock end at the origin.

    The hour that the clock skips in spring is taken from the one after it; of the two that look alike in autumn the
    first is left out, and the window's first hour, which no longer reaches back far enough, is that of the next day.

    Args:
        windows: `[N, sequence_length]`, oldest interval first, that end at the batch's origins.
        batch: Origins and context.

    Returns:
        `[N, sequence_length]`; the windows themselves where no clock changed in any of them.

    Raises:
        ConfigError: The time zone is unknown.
    """
    moved = windows
    origins, rows = np.unique(batch.origins.astype("datetime64[s]"), return_inverse=True)
    for number, origin in enumerate(origins):
        columns = clock_columns(origin, batch.context)
        if columns is not None:
            moved = windows.copy() if moved is windows else moved
            own = np.flatnonzero(rows == number)
            moved[own] = windows[own[:, None], columns]
    return moved


@lru_cache(_ORIGINS_HELD)
def clock_columns(origin: np.datetime64, context: "FeatureContext") -> np.ndarray | None:
    """The column of the window from which `by_clock` takes each place, `[sequence_length]`; None where each stays.

    Args:
        origin: datetime64[s] UTC.
        context: Lengths, resolution and time zone.

    Raises:
        ConfigError: The time zone is unknown.
    """
    length, step = context.sequence_length, np.timedelta64(context.resolution_minutes, "m")
    places = np.arange(length)
    stamps = origin + np.arange(-length, 1) * step  # and the origin itself
    offsets = to_local(stamps, context.timezone).tz_localize(None).to_numpy() - stamps
    ahead = np.round((offsets[:-1] - offsets[-1]) / step).astype(int)
    if not ahead.any():
        return None
    columns, day = places - ahead, intervals_per_day(context.resolution_minutes)
    return np.where(columns < 0, columns + day, np.where(columns >= length, columns - day, columns))
