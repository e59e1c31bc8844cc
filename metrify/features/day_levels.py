"""Level and quantiles of the last days beside those of the days before them.

A fault that leaves out a share of the load lowers all quantiles of a day by one factor, also the standby load that
hardly varies from day to day; people who use less lower the mean and the peaks, and not that.
"""

import numpy as np

from metrify.features.batch import FeatureBatch
from metrify.features.judged_day import columns_of_spans, days_by_clock

SPANS_DAYS = (1, 3, 7, 14)
_QUANTILES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
STATISTICS = ("mean", *(f"q{round(100 * level)}" for level in _QUANTILES))
LEVEL_COLUMNS = columns_of_spans(
    [name for statistic in STATISTICS for name in (f"{statistic}_log_ratio", f"{statistic}_z")], SPANS_DAYS
)
_SPANS, _LEVELS = np.array(SPANS_DAYS), np.array(_QUANTILES)


def day_levels(batch: FeatureBatch) -> np.ndarray:
    """`[N, 64]` float32: `LEVEL_COLUMNS`.

    For each span that ends with the judged day, and each statistic of a day: by how much the mean of its logarithm lies
    above that of the days before the span, and the same in standard deviations of that difference, if days were
    independent. 0 where there is nothing to compare. A day counts if half of it was measured.

    Raises:
        ConfigError: The windows are no whole days, or too few of them.
    """
    from metrify.features.day_kernels.levels import fill_levels  # Numba takes half a second to import
    from metrify.features.day_kernels.sorting_network import sorting_network

    days = days_by_clock(batch)
    out = np.empty((len(days), len(LEVEL_COLUMNS)), np.float32)
    fill_levels(days, _SPANS, _LEVELS, sorting_network(days.shape[2]), out)
    return out
