"""How far each reading of the judged day lies from what is usual at its clock time."""

import numpy as np

from metrify.features.batch import FeatureBatch
from metrify.features.judged_day import days_by_clock


def day_deviation(batch: FeatureBatch) -> np.ndarray:
    """Deviations of the judged day's readings from the mean of the days before, `[N, T]` float32.

    The unit is the standard deviation of those days: half of the variance at the clock time and half of that at all
    clock times, since a time at which nothing ever happened may have something happen. A missing reading is 0.

    Raises:
        ConfigError: The windows are no whole days, or too few of them.
    """
    from metrify.features.day_kernels.deviation import fill_deviations  # Numba takes half a second to import

    days = days_by_clock(batch)
    out = np.empty((len(days), days.shape[2]), np.float32)
    fill_deviations(days, out)
    return out
