"""What forecasts were made without, row by row: one judgement and one wording for servers and batches."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd


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


def tell_silence(ends: np.ndarray, newest: pd.Timestamp | None) -> np.ndarray:
    """What to say of windows that end a day or more before the newest readings of the store.

    Args:
        ends: `[N]` datetime64[s] UTC of each meter's newest window.
        newest: UTC end of the store's windows; None where nobody knows it.

    Returns:
        `[N]` str; empty where a window is as new as others.

    Example:
        >>> ends = np.array(["2024-03-01", "2024-06-30"], "datetime64[s]")
        >>> tell_silence(ends, pd.Timestamp("2024-06-30", tz="UTC")).tolist()
        ['no reading that counts since 2024-03-01T00:00:00Z, 121 days before the newest of the store', '']
    """
    if newest is None:
        return np.full(len(ends), "", object)
    late_by = np.datetime64(newest.tz_convert("UTC").tz_localize(None), "s") - ends
    days = late_by.astype("timedelta64[D]").astype(int)
    told = np.full(len(ends), "", object)
    for row in np.flatnonzero(days > 0):
        late = int(days[row])
        told[row] = (
            f"no reading that counts since {ends[row]}Z, {late} day{'s' * (late > 1)} before the newest of the store"
        )
    return told


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
