"""What a meter used to consume at the same clock time."""

import numpy as np
import pandas as pd

from metrify.errors import ConfigError
from metrify.features.batch import FeatureBatch
from metrify.features.local_time import by_origin, part_of_day, parts_per_day
from metrify.units import MINUTES_PER_DAY

_NEEDED_DAYS = 2  # clocks skip an hour in spring; the day before still has it


def same_hour_profile(batch: FeatureBatch) -> np.ndarray:
    """Mean load at the clock times of the horizon, `[N, forecast_horizon]` float32; see `mean_at_clock_times`.

    Raises:
        ConfigError: The window is shorter than two days, or the time zone is unknown.
    """
    context = batch.context
    needed = -(-_NEEDED_DAYS * MINUTES_PER_DAY // context.resolution_minutes)
    if context.sequence_length < needed:
        raise ConfigError(
            f"same_hour_profile needs {needed} intervals of history where there are {context.sequence_length}.",
            "Choose a longer sequence_length or lookback_window, or leave the load statistics out.",
        )
    return mean_at_clock_times(batch, range(context.forecast_horizon))


def mean_at_clock_times(batch: FeatureBatch, steps: range) -> np.ndarray:
    """Mean load of the window at the local clock times of some intervals, `[N, len(steps)]` float32, kWh per interval.

    The mean is of the readings that are present on all days of the window, working days and rest days alike; NaN where
    there is none. Clock times are local, so a profile stays with people's day over a change to or from summer time. An
    interval belongs to the part of the local day, as long as an interval and counted from midnight, in which it begins.

    Args:
        batch: Windows and their origins.
        steps: Intervals from the origin on, see `by_origin`.

    Raises:
        ConfigError: The time zone is unknown.
    """
    context = batch.context

    def part(local: pd.DatetimeIndex) -> np.ndarray:
        return part_of_day(local, context.resolution_minutes)

    past = by_origin(batch, part, range(-context.sequence_length, 0))
    means = _mean_by_part(batch.windows, past, parts_per_day(context.resolution_minutes))
    return np.take_along_axis(means, by_origin(batch, part, steps), axis=1)


def _mean_by_part(windows: np.ndarray, part: np.ndarray, parts: int) -> np.ndarray:
    """Means of the present values of `[N, L]` by their part of the day, `[N, parts]` float32."""
    rows = len(windows)
    present = ~np.isnan(windows)
    group = (np.arange(rows)[:, None] * parts + part)[present]
    counts = np.bincount(group, minlength=rows * parts)
    totals = np.bincount(group, weights=windows[present], minlength=rows * parts)
    means = np.divide(totals, counts, out=np.full(rows * parts, np.nan), where=counts > 0)
    return means.astype(np.float32).reshape(rows, parts)
