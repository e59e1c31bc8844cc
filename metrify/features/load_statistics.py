"""Lags and rolling statistics of a meter's load: the same code for the origins of a request and of a whole table."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from metrify.errors import ConfigError
from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.readings.matrix import ReadingsMatrix
from metrify.units import MINUTES_PER_HOUR

MIN_SHARE = 0.5  # of a rolling window's readings must be present; with fewer, the statistic is NaN

_LAG_HOURS = (1, 2, 3, 24, 48, 168, 336)
_ROLLING_HOURS = (24, 168)


@dataclass(frozen=True)
class History(ABC):
    """What the readings of the last hours before an origin give: one statistic or several, kWh per interval.

    Attributes:
        hours: How far back it looks.
    """

    hours: int

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """Names of its statistics."""

    @abstractmethod
    def fill(self, series: np.ndarray, intervals: int, first: int, columns: Mapping[str, np.ndarray]) -> None:
        """Computes its statistics at the origins `first`, ..., `first + O - 1` of `series` `[S, T]`.

        Args:
            series: kWh per interval, oldest first; NaN where a reading is missing.
            intervals: How many intervals its hours are.
            first: The first origin, in intervals from the start of the series.
            columns: `[S, O]` float32 to fill, by some of its names.
        """

    def fill_panel(
        self, matrix: ReadingsMatrix, context: FeatureContext, first: int, columns: Mapping[str, np.ndarray]
    ) -> None:
        """Fills `[M, O]` float32 by name at the starts of the intervals from `first` on.

        Raises:
            ConfigError: No origin lies late enough for it, or the resolution does not divide its hours.
        """
        name, column = next(iter(columns.items()))
        last = first + column.shape[1] - 1
        self.fill(_contiguous(matrix.kwh), self._intervals(name, context, last), first, columns)

    def at_origins(self, batch: FeatureBatch, name: str) -> np.ndarray:
        """One of its statistics at the origins of a batch, `[N]` float32.

        Raises:
            ConfigError: The windows are too short for it, or the resolution does not divide its hours.
        """
        length = batch.context.sequence_length
        out = np.empty((len(batch.windows), 1), dtype=np.float32)
        self.fill(_contiguous(batch.windows), self._intervals(name, batch.context, length), length, {name: out})
        return out[:, 0]

    def _intervals(self, name: str, context: FeatureContext, present: int) -> int:
        intervals, rest = divmod(self.hours * MINUTES_PER_HOUR, context.resolution_minutes)
        if rest:
            raise ConfigError(
                f"{name} looks back {self.hours} h, which are no whole number of intervals of "
                f"{context.resolution_minutes} minutes.",
                "Choose a resolution that divides an hour, or leave the load statistics out.",
            )
        if present < intervals:
            raise ConfigError(
                f"{name} needs {intervals} intervals of history where there are {present}.",
                "Choose a longer sequence_length or lookback_window, or leave the load statistics out.",
            )
        return intervals


@dataclass(frozen=True)
class Lag(History):
    """The reading whose interval began `hours` before the origin; NaN where it is missing."""

    @property
    def names(self) -> tuple[str, ...]:
        """For instance `lag_24h`."""
        return (f"lag_{self.hours}h",)

    def fill(self, series: np.ndarray, intervals: int, first: int, columns: Mapping[str, np.ndarray]) -> None:
        """Copies the series, as much later as the lag is long."""
        (out,) = columns.values()
        too_early = max(intervals - first, 0)  # origins that lie less than the lag after the start of the series
        begin = first + too_early - intervals
        out[:, :too_early] = np.nan
        out[:, too_early:] = series[:, begin : begin + out.shape[1] - too_early]


@dataclass(frozen=True)
class Rolling(History):
    """Statistics of the readings that are present in the `hours` before the origin.

    The standard deviation is that of the population, so it is defined for a single reading, too.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """For instance `rolling_mean_24h`; also `std`, `min` and `max`."""
        return tuple(f"rolling_{statistic}_{self.hours}h" for statistic in ("mean", "std", "min", "max"))

    def fill(self, series: np.ndarray, intervals: int, first: int, columns: Mapping[str, np.ndarray]) -> None:
        """Computes all of them in one pass; those that nobody asked for are written over each other."""
        from metrify.features.rolling_kernels import fill_rolling_statistics  # importing Numba takes 0.4 s

        spare = next(iter(columns.values()))
        if len(columns) < len(self.names):
            spare = np.empty_like(spare)
        means, stds, lows, highs = (columns.get(name, spare) for name in self.names)
        least = int(np.ceil(MIN_SHARE * intervals))
        fill_rolling_statistics(series, intervals, least, first, means, stds, lows, highs)


@dataclass(frozen=True)
class LoadStatistic:
    """One statistic as the function of a feature.

    Attributes:
        name: The feature's name.
        source: What computes it.
    """

    name: str
    source: History

    def __call__(self, batch: FeatureBatch) -> np.ndarray:
        """At the origins of a batch, `[N]` float32; see `History.at_origins`."""
        return self.source.at_origins(batch, self.name)


def _contiguous(kwh: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(kwh, dtype=np.float32)


LOAD_STATISTICS: tuple[LoadStatistic, ...] = tuple(
    LoadStatistic(name, source)
    for source in (*map(Lag, _LAG_HOURS), *map(Rolling, _ROLLING_HOURS))
    for name in source.names
)
