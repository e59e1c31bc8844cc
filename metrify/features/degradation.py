"""What forecasts were made without, row by row: one judgement and one wording for servers and batches."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Degradation:
    """How much was known of N rows.

    Attributes:
        history_days: `[N]` float32 days from the first reading in each window to its end.
        reasons: `[N]` str why a row is degraded; empty where it is not.
    """

    history_days: np.ndarray
    reasons: np.ndarray

    @property
    def is_degraded(self) -> np.ndarray:
        """`[N]` whether a window was completed, or something that the model reads is missing or stale."""
        return self.reasons != ""

    def listed(self, meters: Sequence[str]) -> list[dict[str, object]]:
        """`{"meter_id", "history_days", "reason"}` of each degraded row.

        Args:
            meters: `[N]` as they shall be named.
        """
        days = self.history_days.astype(float).round(2)
        return [
            {"meter_id": meters[row], "history_days": days[row], "reason": self.reasons[row]}
            for row in np.flatnonzero(self.is_degraded).tolist()
        ]


def judge_rows(window_faults: np.ndarray, history_days: np.ndarray, *other_faults: Sequence[str]) -> Degradation:
    """Which rows are degraded, and why.

    Args:
        window_faults: `[N]` str what the windows were completed from; the reasons of `CompletedWindows`.
        history_days: `[N]` float32 days from the first reading in each window to its end.
        other_faults: `[N]` of `metrify.features.weather_gaps`, or of what is known of meters; none at all where the
            model reads none of it.

    Example:
        >>> windows = np.array(["1 of 672 readings were filled", "3 days of history"])
        >>> judge_rows(windows, np.array([28, 3]), ["a weather forecast of 72 hours ago", ""]).reasons.tolist()
        ['1 of 672 readings were filled, a weather forecast of 72 hours ago', '3 days of history']
    """
    reasons = window_faults.astype(object)
    for faults in other_faults:
        for row, fault in enumerate(faults):
            reasons[row] = ", ".join(filter(None, (reasons[row], fault)))
    return Degradation(history_days, reasons)
