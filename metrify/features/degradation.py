"""What forecasts were made without, row by row: one judgement and one wording for servers and batches."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Degradation:
    """How much was known of N rows.

    Attributes:
        history_days: `[N]` float32 days of readings in each window.
        reasons: `[N]` str why a row is degraded; empty where it is not.
    """

    history_days: np.ndarray
    reasons: np.ndarray

    @property
    def is_degraded(self) -> np.ndarray:
        """`[N]` whether a window was completed, or some of the weather that the model reads is missing or stale."""
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


def judge_rows(is_completed: np.ndarray, history_days: np.ndarray, weather_faults: Sequence[str]) -> Degradation:
    """Which rows are degraded, and why.

    Args:
        is_completed: `[N]` whether the beginning of a window was completed; see `CompletedWindows`.
        history_days: `[N]` float32 days of readings in each window.
        weather_faults: `[N]` of `metrify.features.weather_gaps`; none at all where the model reads no weather.

    Example:
        >>> days = np.array([28, 3, 1.5], np.float32)
        >>> judge_rows(days < 28, days, ["a weather forecast of 72 hours ago", "", ""]).reasons.tolist()
        ['a weather forecast of 72 hours ago', '3 days of history', '1.5 days of history']
    """
    reasons = np.full(len(is_completed), "", dtype=object)
    reasons[: len(weather_faults)] = weather_faults
    for row in np.flatnonzero(is_completed):
        history = f"{round(float(history_days[row]), 2):g} days of history"
        reasons[row] = f"{history}, {reasons[row]}" if reasons[row] else history
    return Degradation(history_days, reasons)
