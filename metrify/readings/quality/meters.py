"""One verdict a meter, with its reasons: whether enough is left of its readings to train on and to serve."""

import numpy as np
import pandas as pd

from metrify.config.schema import QualityConfig
from metrify.readings.matrix import ReadingsMatrix
from metrify.units import MINUTES_PER_DAY


def judge_meters(
    matrix: ReadingsMatrix, quarantined: np.ndarray, usable_days: np.ndarray, config: QualityConfig
) -> pd.DataFrame:
    """Judges each meter by the coverage, the days and the mean of those readings that are not in quarantine.

    A meter that began later or ended earlier than others lacks nothing: its coverage is that of the time from its own
    first reading to its last.

    Args:
        matrix: Readings `[M, T]`.
        quarantined: `[M, T]` mask of the readings that are kept out.
        usable_days: `[M]` days that are not bad.
        config: Thresholds.

    Returns:
        `meter_id`, `coverage` (share of the meter's intervals with a usable reading), `mean_kwh` (of these),
        `quarantined` (count), `accepted`, `is_new` and `reasons` (text, empty where accepted). A meter is new if it
        began less than `min_days` before the end of all readings, and lacks nothing but days.
    """
    present = np.isfinite(matrix.kwh)
    usable = present & ~quarantined
    readings = usable.sum(axis=1)
    mean_kwh = np.where(usable, matrix.kwh, 0).sum(axis=1, dtype=np.float64) / np.maximum(readings, 1)
    coverage = readings / np.maximum(_own_intervals(present), 1)
    days = f"fewer than {config.min_days} usable days"
    lacks = {
        f"coverage below {config.min_coverage:g}": coverage < config.min_coverage,
        days: usable_days < config.min_days,
        f"mean below {config.min_mean_kwh:g} kWh": mean_kwh < config.min_mean_kwh,
    }
    reasons = ["; ".join(name for name, found in lacks.items() if found[row]) for row in range(len(coverage))]
    recent = config.min_days * MINUTES_PER_DAY // matrix.resolution_minutes
    begins_late = present.any(axis=1) & ~present[:, : max(present.shape[1] - recent, 0)].any(axis=1)
    return pd.DataFrame(
        {
            "meter_id": matrix.meter_ids,
            "coverage": coverage,
            "mean_kwh": mean_kwh,
            "quarantined": quarantined.sum(axis=1, dtype=np.int64),
            "accepted": [not reason for reason in reasons],
            "is_new": [late and reason == days for late, reason in zip(begins_late.tolist(), reasons, strict=True)],
            "reasons": reasons,
        }
    )


def _own_intervals(present: np.ndarray) -> np.ndarray:
    """Intervals from the first present reading of each meter to the last, `[M]`; 0 where there is none."""
    first, behind_last = present.argmax(axis=1), present.shape[1] - present[:, ::-1].argmax(axis=1)
    return np.where(present.any(axis=1), behind_last - first, 0)
