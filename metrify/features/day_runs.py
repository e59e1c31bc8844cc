"""Readings of the judged day that are missing, negative, or repeat themselves, beside those of the days before."""

import numpy as np

from metrify.features.batch import FeatureBatch
from metrify.features.judged_day import days_by_clock, intervals_per_hour

RUN_COLUMNS = (
    "missing_share",
    "negative_share",
    "longest_flat_hours",
    "longest_zero_hours",
    "usual_missing_share",
    "usual_longest_flat_hours",
    "usual_longest_zero_hours",
)


def day_runs(batch: FeatureBatch) -> np.ndarray:
    """`[N, 7]` float32: `RUN_COLUMNS`.

    A run of one value or of zeros counts from where it begins, also on the day before. What is usual is the longest run
    of the days before the judged one.

    Raises:
        ConfigError: The windows are no whole days, or too few of them.
    """
    from metrify.features.day_kernels.runs import fill_runs  # Numba takes half a second to import

    days = days_by_clock(batch)
    out = np.empty((len(days), len(RUN_COLUMNS)), np.float32)
    fill_runs(days, intervals_per_hour(batch), out)
    return out
