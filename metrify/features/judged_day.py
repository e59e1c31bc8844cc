"""A window whose last day is judged by the days before it: what detectors of anomalies read."""

from collections.abc import Sequence

import numpy as np

from metrify.errors import ConfigError
from metrify.features.batch import FeatureBatch
from metrify.units import MINUTES_PER_HOUR, intervals_per_day

LEAST_HISTORY_DAYS = 14
SMALLEST_KWH = 1e-3
LEAST_MEASURED_SHARE = 0.5  # of a day whose level counts


def days_by_clock(batch: FeatureBatch) -> np.ndarray:
    """The windows as whole days by the local clock, `[N, D, T]` float32 kWh; the last of the D days is the judged one.

    Args:
        batch: Windows that end where the judged day does.

    Raises:
        ConfigError: The windows are no whole days, or too few of them.
    """
    context = batch.context
    day = intervals_per_day(context.resolution_minutes)
    days, rest = divmod(context.sequence_length, day)
    if rest or days <= LEAST_HISTORY_DAYS:
        raise ConfigError(
            f"A day can't be judged by a window of {context.sequence_length} intervals of "
            f"{context.resolution_minutes} minutes.",
            f"Read {LEAST_HISTORY_DAYS + 1} or more whole days of {day} intervals.",
        )
    windows = np.ascontiguousarray(batch.clock_windows, np.float32)
    return windows.reshape(len(windows), days, day)


def intervals_per_hour(batch: FeatureBatch) -> int:
    """Intervals in an hour, 1 at least."""
    return max(MINUTES_PER_HOUR // batch.context.resolution_minutes, 1)


def columns_of_spans(names: Sequence[str], spans_days: Sequence[int]) -> tuple[str, ...]:
    """Names of columns: those of the first span, then those of the next.

    Example:
        >>> columns_of_spans(["level"], [1, 7])
        ('level_1d', 'level_7d')
    """
    return tuple(f"{name}_{span}d" for span in spans_days for name in names)
