"""The local days of some meters, each with the days before it: what detectors are fitted to and score."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from metrify.errors import AnomalyError
from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.specification import FEATURES, compute_features
from metrify.features.window_gaps import SMALLEST_VISIBLE_SHARE
from metrify.features.windows import cut_rows, local_midnights
from metrify.readings.matrix import ReadingsMatrix
from metrify.units import intervals_per_day

ROWS_AT_ONCE = 4_096


@dataclass(frozen=True, eq=False)
class MeterDays:
    """The days of meters that can be judged: those with a whole window of days before them.

    Attributes:
        matrix: Readings of M meters.
        ends: `[D]` UTC, when the judged days end.
        context: Length of the window with the judged day, resolution and place.
        groups: `[M]` what meters have in common that share a profile; None where each is alone.
    """

    matrix: ReadingsMatrix
    ends: pd.DatetimeIndex
    context: FeatureContext
    groups: np.ndarray | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Meters and days."""
        return len(self.matrix.meter_ids), len(self.ends)

    @property
    def columns(self) -> tuple[int, int]:
        """The first column of the matrix that lies in a judged day, and that behind the last one."""
        return int(self._edges[0]), int(self._edges[-1])

    @property
    def begins(self) -> pd.DatetimeIndex:
        """`[D]` UTC, when the judged days begin."""
        return pd.DatetimeIndex(
            self.matrix.start + self._edges[:-1] * pd.Timedelta(minutes=self.matrix.resolution_minutes)
        )

    def day_of(self, column: int) -> int:
        """The judged day in which a column of the matrix lies."""
        return int(np.searchsorted(self._edges[1:], column, side="right"))

    def touched(self, starts: pd.DatetimeIndex, ends: pd.DatetimeIndex) -> tuple[np.ndarray, np.ndarray]:
        """The judged days that spans of time have a part in.

        Args:
            starts: `[S]` UTC.
            ends: `[S]` UTC, exclusive.

        Returns:
            `[S]` the first such day of each, and the day behind the last; these are the same where there is none.
        """
        first = self._midnights[1:].searchsorted(starts, side="right")
        behind = self._midnights[:-1].searchsorted(ends, side="left")
        return first, np.maximum(first, behind)

    def batch(self, meters: np.ndarray, days: np.ndarray) -> FeatureBatch:
        """Some meter-days, `[n]` rows of the matrix and `[n]` numbers of days."""
        length = self.context.sequence_length
        windows = cut_rows(self.matrix, meters, self._edges[1:][days] - length, length)
        return FeatureBatch(windows, self._instants[days], self.context, meter_ids=self.matrix.meter_ids[meters])

    def features(self, names: Sequence[str], meters: np.ndarray, days: np.ndarray) -> dict[str, np.ndarray]:
        """Features of some meter-days by name, `[n, ...]` float32; windows are in memory a part at a time."""
        wanted = [feature for feature in FEATURES if feature.name in names]
        parts = [
            compute_features(wanted, self.batch(meters[part], days[part]))
            for part in (slice(first, first + ROWS_AT_ONCE) for first in range(0, len(meters), ROWS_AT_ONCE))
        ]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def missing_share(self) -> np.ndarray:
        """`[M, D]` float32, the share of each judged day's readings that is missing."""
        missing = np.isnan(self.matrix.kwh).cumsum(axis=1)
        before = np.concatenate([np.zeros((len(missing), 1), missing.dtype), missing], axis=1)[:, self._edges]
        return (np.diff(before, axis=1) / np.diff(self._edges)).astype(np.float32)

    def extremes(self) -> tuple[np.ndarray, np.ndarray]:
        """`[M, D]` the lowest and the highest reading of each judged day; NaN where all are missing."""
        first, last = self.columns
        starts = self._edges[:-1] - first
        of_days = self.matrix.kwh[:, first:last]
        return np.fmin.reduceat(of_days, starts, axis=1), np.fmax.reduceat(of_days, starts, axis=1)

    def is_known(self) -> np.ndarray:
        """`[M, D]` bool, whether half of the readings before a day, in its window, were measured: it can be judged."""
        before, first = self._measured_before(), self._edges[1:] - self.context.sequence_length
        measured = before[:, self._edges[:-1]] - before[:, first]
        return measured >= SMALLEST_VISIBLE_SHARE * (self._edges[:-1] - first)

    def has_begun(self) -> np.ndarray:
        """`[M, D]` bool, whether anything was measured before the end of a day."""
        return self._measured_before()[:, self._edges[1:]] > 0

    def by_meter(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """All meter-days in parts: rows of the matrix and numbers of days, meter after meter."""
        meters, days = (index.ravel() for index in np.indices(self.shape))
        for first in range(0, len(meters), ROWS_AT_ONCE):
            yield meters[first : first + ROWS_AT_ONCE], days[first : first + ROWS_AT_ONCE]

    def with_kwh(self, kwh: np.ndarray) -> "MeterDays":
        """The same days with other readings, `[M, T]` kWh."""
        return replace(self, matrix=replace(self.matrix, kwh=kwh))

    def choose(self, meters: np.ndarray) -> "MeterDays":
        """Some of the meters alone."""
        chosen = replace(self.matrix, meter_ids=self.matrix.meter_ids[meters], kwh=self.matrix.kwh[meters])
        return replace(self, matrix=chosen, groups=None if self.groups is None else self.groups[meters])

    def _measured_before(self) -> np.ndarray:
        """`[M, T + 1]` how many readings were measured before each column of the matrix."""
        measured = np.isfinite(self.matrix.kwh).cumsum(axis=1, dtype=np.int32)
        return np.concatenate([np.zeros((len(measured), 1), np.int32), measured], axis=1)

    @cached_property
    def _midnights(self) -> pd.DatetimeIndex:
        """`[D + 1]` UTC, when the judged days begin and the last one ends."""
        begins = local_midnights(self.matrix.start, self.ends[0], self.context.timezone)
        return pd.DatetimeIndex(begins[begins < self.ends[0]][-1:].append(self.ends))

    @cached_property
    def _edges(self) -> np.ndarray:
        """`[D + 1]` the same as columns."""
        step = pd.Timedelta(minutes=self.matrix.resolution_minutes)
        return np.asarray((self._midnights - self.matrix.start) // step)

    @cached_property
    def _instants(self) -> np.ndarray:
        return self.ends.tz_localize(None).to_numpy().astype("datetime64[s]")


def find_meter_days(
    matrix: ReadingsMatrix, history_days: int, timezone: str, country: str, groups: np.ndarray | None = None
) -> MeterDays:
    """All local days that have so many days before them.

    Args:
        matrix: Readings.
        history_days: Days before the judged one that it is compared with.
        timezone: IANA name of the local time.
        country: ISO 3166 code.
        groups: `[M]` of meters that share a profile.

    Raises:
        AnomalyError: There is no such day.
        ConfigError: The time zone is unknown.
    """
    day = intervals_per_day(matrix.resolution_minutes)
    length = (history_days + 1) * day
    step = pd.Timedelta(minutes=matrix.resolution_minutes)
    ends = local_midnights(matrix.start + length * step, matrix.timestamps[-1] + step, timezone)
    if not len(ends):
        raise AnomalyError(
            f"The readings are shorter than {history_days + 1} days.",
            "Bring readings of more days, or lower training.anomaly_detection.history_days (to 14 at least).",
        )
    context = FeatureContext(length, day, matrix.resolution_minutes, timezone, country)
    return MeterDays(matrix, ends, context, groups)
