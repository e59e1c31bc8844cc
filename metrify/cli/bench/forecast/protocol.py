"""A protocol of evaluation: readings, the origins of its three sides, and what a forecast may know at them."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from metrify.errors import ForecastError
from metrify.features.batch import FeatureContext
from metrify.forecasting.evaluation.rolling_origin import RollingOrigins
from metrify.forecasting.evaluation.scaled_errors import seasonal_scale
from metrify.readings.matrix import ReadingsMatrix
from metrify.readings.splits import SIDES
from metrify.units import intervals_per_day

_QUICK_METERS, _QUICK_TRAIN, _QUICK_VALIDATION, _QUICK_TEST = 6, 20, 6, 12
_WEEK = 7  # days


@dataclass(frozen=True, eq=False)
class Protocol:
    """What all models are fitted to and judged on alike.

    Attributes:
        name: Name of the dataset.
        matrix: Readings of the scored meters; NaN where nothing was measured, which no metric counts.
        origins: Of train, validation and test.
        context: Lengths, resolution and place.
        season_days: The season of the seasonal naive forecast and of the scaled error.
        scale_time: From when to when, UTC, the unit of the scaled error is measured. None: in all of the history before
            each origin, and the error is the mean over forecasts instead of the median over meters.
        temperature_c: `[T]` float32, observed, in the place of a perfect forecast of it; None where none is used.
        non_negative: Whether no reading is negative.
        note: What a reader has to know of the figures.

    Raises:
        ForecastError: An origin has no whole window before it or no whole horizon after it.
    """

    name: str
    matrix: ReadingsMatrix
    origins: RollingOrigins
    context: FeatureContext
    note: str
    season_days: int = _WEEK
    scale_time: tuple[pd.Timestamp, pd.Timestamp] | None = None
    temperature_c: np.ndarray | None = None
    non_negative: bool = True

    def __post_init__(self) -> None:
        columns = np.concatenate([self.columns(side) for side in SIDES])
        longest = self.matrix.kwh.shape[1] - self.context.forecast_horizon
        if columns.min() < self.context.sequence_length or columns.max() > longest:
            raise ForecastError(
                f"Origins of {self.name} reach beyond its readings.",
                f"Begin {self.context.sequence_length} intervals after the first reading, and end "
                f"{self.context.forecast_horizon} before the last.",
            )

    @property
    def day_length(self) -> int:
        """Intervals in a day."""
        return intervals_per_day(self.matrix.resolution_minutes)

    def columns(self, side: str) -> np.ndarray:
        """`[O]` column of the matrix at each origin of a side."""
        step = pd.Timedelta(minutes=self.matrix.resolution_minutes)
        return ((getattr(self.origins, side) - self.matrix.start) // step).to_numpy()

    def scales(self, meters: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """The units of the scaled errors, `[N]` kWh; NaN or 0 where there is none.

        Args:
            meters: `[N]` row of the matrix.
            columns: `[N]` column of the matrix at the origin.
        """
        season = self.season_days * self.day_length
        if self.scale_time is not None:
            inside = (self.matrix.timestamps >= self.scale_time[0]) & (self.matrix.timestamps < self.scale_time[1])
            return seasonal_scale(self.matrix.kwh[:, inside], season)[meters]
        ends, of_row = np.unique(columns, return_inverse=True)
        return np.stack([seasonal_scale(self.matrix.kwh[:, :end], season) for end in ends])[of_row, meters]


def shrink(protocol: Protocol) -> Protocol:
    """The same with few meters and with the last few origins of each side."""
    origins = protocol.origins
    few = replace(
        origins,
        train=origins.train[-_QUICK_TRAIN:],
        validation=origins.validation[-_QUICK_VALIDATION:],
        test=origins.test[-_QUICK_TEST:],
    )
    matrix = protocol.matrix
    matrix = replace(matrix, meter_ids=matrix.meter_ids[:_QUICK_METERS], kwh=matrix.kwh[:_QUICK_METERS])
    return replace(protocol, matrix=matrix, origins=few)


def several_a_day(midnights: pd.DatetimeIndex, count: int, limit: pd.Timestamp, step: pd.Timedelta) -> pd.DatetimeIndex:
    """More origins for training: each day's first one, and others evenly after it.

    Args:
        midnights: One origin a day, UTC.
        count: Origins of a day.
        limit: The last instant at which an origin may lie.
        step: Length of an interval.

    Raises:
        ForecastError: The origins would lie between two intervals.
    """
    apart = pd.Timedelta(days=1) / count
    if apart % step != pd.Timedelta(0):
        raise ForecastError(
            f"{count} origins a day lie between intervals of {step // pd.Timedelta(minutes=1)} minutes.",
            "Use a number that divides the intervals of a day.",
        )
    spread = np.concatenate([midnights + number * apart for number in range(count)])
    origins = pd.DatetimeIndex(spread, tz="UTC").unique().sort_values().as_unit("us")
    return origins[origins <= limit]
