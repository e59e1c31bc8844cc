"""Times of forecast origins, and of the intervals around them, on the local clock."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from metrify.errors import ConfigError
from metrify.units import MINUTES_PER_DAY, MINUTES_PER_HOUR

if TYPE_CHECKING:
    from metrify.features.batch import FeatureBatch


def to_local(stamps: np.ndarray | pd.DatetimeIndex, timezone: str) -> pd.DatetimeIndex:
    """Local times of UTC times.

    Args:
        stamps: Times in UTC, with or without a time zone.
        timezone: IANA name of the local time.

    Raises:
        ConfigError: The time zone is unknown.
    """
    times = pd.DatetimeIndex(stamps)
    if times.tz is None:
        times = times.tz_localize("UTC")
    try:
        return times.tz_convert(timezone)
    except LookupError as error:  # that of an empty name is an IndexError, all others are KeyErrors
        raise ConfigError(
            f"Unknown time zone {timezone!r}.", "Use an IANA name such as Europe/London or UTC."
        ) from error


def parts_per_day(resolution_minutes: int) -> int:
    """Into how many parts, as long as an interval, a local day is divided; the last one may be shorter.

    Example:
        >>> parts_per_day(30)
        48
    """
    return -(-MINUTES_PER_DAY // resolution_minutes)


def part_of_day(local: pd.DatetimeIndex, resolution_minutes: int) -> np.ndarray:
    """The part of the local day in which each time lies, counted from midnight, `[P]`.

    Example:
        >>> part_of_day(pd.DatetimeIndex(["2024-03-31 00:15", "2024-03-31 23:30"]), 30)
        array([ 0, 47])
    """
    return ((local.hour * MINUTES_PER_HOUR + local.minute) // resolution_minutes).to_numpy(np.int64)


def by_origin(batch: "FeatureBatch", function: Callable[[pd.DatetimeIndex], np.ndarray], steps: range) -> np.ndarray:
    """A function of local time at the intervals around each origin.

    It is evaluated once for each distinct origin, since the rows of a batch mostly share theirs, or once for each
    interval between the first and the last one where that is less, since the windows of many days overlap.

    Args:
        batch: Rows with their origins.
        function: From P local times to `[P, ...]`, each of which depends on its own time alone.
        steps: Intervals from the origin on, for instance `range(-24, 0)` for the 24 before it.

    Returns:
        `[N, len(steps), ...]`.
    """
    origins, rows = np.unique(batch.origins, return_inverse=True)
    step = np.timedelta64(batch.context.resolution_minutes, "m")
    offsets = np.arange(steps.start, steps.stop) * step
    stamps = origins.astype("datetime64[s]")[:, None] + offsets[None, :]
    times, places = _common_grid(stamps, step)
    values = function(to_local(times, batch.context.timezone))
    return values[places][rows]


def _common_grid(stamps: np.ndarray, step: np.timedelta64) -> tuple[np.ndarray, np.ndarray]:
    """The fewest times that hold all stamps `[D, L]`, and the place of each stamp among them.

    That is every interval from the first stamp to the last one, or the stamps themselves where those are fewer or don't
    lie on one grid.
    """
    if stamps.size:
        places, off_grid = np.divmod(stamps - stamps.min(), step)
        intervals = int(places.max()) + 1
        if intervals < stamps.size and not off_grid.any():
            return stamps.min() + np.arange(intervals) * step, places
    return stamps.ravel(), np.arange(stamps.size).reshape(stamps.shape)
