"""Whether the profile of the last days is that of the days before them, moved by some hours."""

import numpy as np

from metrify.features.batch import FeatureBatch
from metrify.features.judged_day import columns_of_spans, days_by_clock, intervals_per_hour

SPANS_DAYS = (1, 3, 7)
SHAPE_COLUMNS = columns_of_spans(("correlation", "moved_correlation", "moved_hours", "gain"), SPANS_DAYS)
_SPANS = np.array(SPANS_DAYS)


def day_shape(batch: FeatureBatch) -> np.ndarray:
    """`[N, 12]` float32: `SHAPE_COLUMNS`.

    For each span that ends with the judged day: the correlation of its mean profile with that of the days before, the
    highest one if it is moved by up to 6 hours, how far it is moved for that (later is positive), and what the moving
    gains. Profiles are of the roots of readings, so that single peaks don't decide. 0 where nothing is measured.

    Raises:
        ConfigError: The windows are no whole days, or too few of them.
    """
    from metrify.features.day_kernels.shape import fill_shapes  # Numba takes half a second to import

    days = days_by_clock(batch)
    out = np.empty((len(days), len(SHAPE_COLUMNS)), np.float32)
    fill_shapes(days, _SPANS, intervals_per_hour(batch), out)
    return out
