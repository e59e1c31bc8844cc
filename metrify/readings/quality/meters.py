"""One verdict a meter, with its reasons: whether enough is left of its readings to train on and to serve."""

import numpy as np
import pandas as pd

from metrify.config.schema import QualityConfig
from metrify.readings.matrix import ReadingsMatrix


def judge_meters(matrix: ReadingsMatrix, quarantined: np.ndarray, config: QualityConfig) -> pd.DataFrame:
    """Judges each meter by the coverage and the mean of those readings that are not in quarantine.

    Args:
        matrix: Readings `[M, T]`.
        quarantined: `[M, T]` mask of the readings that are kept out.
        config: Thresholds.

    Returns:
        `meter_id`, `coverage` (share of the intervals with a usable reading), `mean_kwh` (of these), `quarantined`
        (count), `accepted` and `reasons` (text, empty where accepted).
    """
    usable = np.isfinite(matrix.kwh) & ~quarantined
    readings = usable.sum(axis=1)
    mean_kwh = np.where(usable, matrix.kwh, 0).sum(axis=1, dtype=np.float64) / np.maximum(readings, 1)
    coverage = readings / matrix.kwh.shape[1]
    lacks = {
        f"coverage below {config.min_coverage:g}": coverage < config.min_coverage,
        f"mean below {config.min_mean_kwh:g} kWh": mean_kwh < config.min_mean_kwh,
    }
    reasons = ["; ".join(name for name, found in lacks.items() if found[row]) for row in range(len(coverage))]
    return pd.DataFrame(
        {
            "meter_id": matrix.meter_ids,
            "coverage": coverage,
            "mean_kwh": mean_kwh,
            "quarantined": quarantined.sum(axis=1, dtype=np.int64),
            "accepted": [not reason for reason in reasons],
            "reasons": reasons,
        }
    )
