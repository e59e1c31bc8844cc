"""The protocol of an evaluation: which origins a model is fitted, chosen and judged on.

Tashman 2000, doi 10.1016/S0169-2070(00)00065-0, calls it rolling-origin evaluation. Origins are local midnights.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from metrify.errors import ForecastError
from metrify.features.windows import local_midnights
from metrify.readings.splits import SIDES, TimeSplit


@dataclass(frozen=True)
class RollingOrigins:
    """Origins of the three sides, UTC, in order of time.

    Attributes:
        train: What the model is fitted on.
        validation: What it is chosen and calibrated on.
        test: What it is judged on, once.
        horizon: How far each forecast reaches.

    Raises:
        ForecastError: A side has no origin, or a target of one side reaches into the next.
    """

    train: pd.DatetimeIndex
    validation: pd.DatetimeIndex
    test: pd.DatetimeIndex
    horizon: pd.Timedelta

    def __post_init__(self) -> None:
        empty = [side for side in SIDES if not len(getattr(self, side))]
        if empty:
            raise ForecastError(f"No origin is left to {' and '.join(empty)}.", "Bring more days, or cut elsewhere.")
        for side, following in (("train", "validation"), ("validation", "test")):
            end, start = getattr(self, side).max() + self.horizon, getattr(self, following).min()
            if end > start:
                raise ForecastError(
                    f"The last {side} target ends at {end.isoformat()}, after the first {following} origin at "
                    f"{start.isoformat()}.",
                    f"Leave out the {side} origins from {(start - self.horizon).isoformat()} on.",
                )

    def rows(self, side: str, origins: np.ndarray) -> np.ndarray:
        """Which rows lie on a side.

        Args:
            side: One of `metrify.readings.splits.SIDES`.
            origins: `[N]` datetime64, UTC.

        Returns:
            `[n]` their numbers.
        """
        return np.flatnonzero(pd.DatetimeIndex(origins).tz_localize("UTC").isin(getattr(self, side)))


def cut_time(
    start: pd.Timestamp,
    end: pd.Timestamp,
    timezone: str,
    *,
    validation_share: float = 0.10,
    test_share: float = 0.15,
) -> TimeSplit:
    """Cuts `[start, end)` at local midnights: the last share is test time, and the one before it validation time.

    To cut at dates of your own, make a `TimeSplit` of them.

    Args:
        start: UTC.
        end: UTC.
        timezone: IANA name of the local time.
        validation_share: Of the time.
        test_share: Of the time.

    Raises:
        ConfigError: The time zone is unknown.
        ForecastError: No local day begins before a cut.
    """
    cuts = []
    for share in (validation_share + test_share, test_share):
        midnights = local_midnights(start, end - (end - start) * share, timezone)
        if not len(midnights):
            raise ForecastError(
                f"No local day begins between {start.isoformat()} and a cut {share:.0%} before {end.isoformat()}.",
                "Bring more days.",
            )
        cuts.append(midnights[-1])
    return TimeSplit(*cuts)


def roll_origins(
    start: pd.Timestamp,
    end: pd.Timestamp,
    cut: TimeSplit,
    *,
    resolution_minutes: int,
    lookback: int,
    horizon: int,
    timezone: str,
) -> RollingOrigins:
    """The local midnights that have a whole window before them, and a whole target after them on their own side.

    A window may reach back into an earlier side: what was measured before the origin is known at it. A target may not
    reach into a later one; such origins are left out.

    Args:
        start: Start of the first reading, UTC.
        end: End of the last one.
        cut: Where validation and test time begin.
        resolution_minutes: Length of an interval.
        lookback: Intervals in a window.
        horizon: Intervals to forecast.
        timezone: IANA name of the local time.

    Raises:
        ConfigError: The time zone is unknown.
        ForecastError: A side has no origin, or midnights lie between two intervals.
    """
    step = pd.Timedelta(minutes=resolution_minutes)
    origins = local_midnights(start + lookback * step, end - horizon * step, timezone)
    off_grid = (origins - start) % step != pd.Timedelta(0)
    if off_grid.any():
        raise ForecastError(
            f"Midnight in {timezone}, for instance {origins[off_grid][0].isoformat()}, lies between two intervals of "
            f"{resolution_minutes} minutes.",
            "Use the time zone of the readings, or readings of a finer resolution.",
        )
    sides = cut.side_of(pd.Series(origins))
    limits = {"train": cut.validation_start, "validation": cut.test_start, "test": end}
    kept = {side: origins[(sides == side) & (origins + horizon * step <= limits[side])] for side in SIDES}
    return RollingOrigins(**kept, horizon=horizon * step)
