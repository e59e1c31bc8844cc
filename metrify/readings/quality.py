"""One verdict a meter, with its reasons."""

import numpy as np
import pandas as pd

from metrify.config.schema import QualityConfig
from metrify.readings.matrix import ReadingsMatrix


def judge_meters(matrix: ReadingsMatrix, config: QualityConfig) -> pd.DataFrame:
    """Judges each meter by coverage, negative readings and consumption.

    Args:
        matrix: Readings `[M, T]`.
        config: Thresholds.

    Returns:
        `meter_id`, `coverage` (share of intervals with a reading), `mean_kwh`, `negative` (count), `accepted` and
        `reasons` (text, empty where accepted).
    """
    present = np.isfinite(matrix.kwh)
    readings = present.sum(axis=1)
    mean_kwh = np.where(present, matrix.kwh, 0).sum(axis=1, dtype=np.float64) / np.maximum(readings, 1)
    coverage = readings / matrix.kwh.shape[1]
    negative = (present & (matrix.kwh < 0)).sum(axis=1)
    faults = {
        f"coverage below {config.min_coverage:g}": coverage < config.min_coverage,
        "negative readings": negative > 0,
        f"mean below {config.min_mean_kwh:g} kWh": mean_kwh < config.min_mean_kwh,
    }
    reasons = ["; ".join(name for name, found in faults.items() if found[row]) for row in range(len(coverage))]
    return pd.DataFrame(
        {
            "meter_id": matrix.meter_ids,
            "coverage": coverage,
            "mean_kwh": mean_kwh,
            "negative": negative,
            "accepted": [not reason for reason in reasons],
            "reasons": reasons,
        }
    )
