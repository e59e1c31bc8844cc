"""How far the highest reading of the judged day stands out from its clock time before, and from its neighbours."""

import numpy as np

from metrify.features.batch import FeatureBatch
from metrify.features.judged_day import days_by_clock

PEAK_COLUMNS = (
    "over_clock_time_means",  # in mean loads
    "over_clock_time_log_ratio",
    "alone_log_ratio",  # over both neighbours and over what is usual at its clock time, whichever is more
    "over_history_log_ratio",
    "over_neighbours_log_ratio",  # of the reading that stands out most
    "day_share",  # where in the day that reading lies
    "mean_load_log",
)


def day_peaks(batch: FeatureBatch) -> np.ndarray:
    """`[N, 7]` float32: `PEAK_COLUMNS`. The clock time of a reading is meant with the interval before and after it.

    Raises:
        ConfigError: The windows are no whole days, or too few of them.
    """
    from metrify.features.day_kernels.peaks import fill_peaks  # Numba takes half a second to import

    days = days_by_clock(batch)
    out = np.empty((len(days), len(PEAK_COLUMNS)), np.float32)
    fill_peaks(days, out)
    return out
