"""The cold-start profile: what a typical meter's local week looks like, relative to the meter's mean load."""

from collections.abc import Iterable
from typing import Annotated, Self

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from metrify.errors import ReadingsError
from metrify.features.batch import FeatureBatch
from metrify.features.calendar import rest_day_before
from metrify.features.local_time import by_origin, part_of_day, parts_per_day

DAY_TYPES = 2  # working days, and rest days: weekends and public holidays
_SMALLEST = 0.1  # of the mean: readings are divided by the profile, and a nearly silent hour would blow them up
_SMALLEST_NET_SHARE = (
    0.1  # of a meter's mean absolute load: below it feed-in and load cancel out, and the mean is noise
)

_Load = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class ColdStartProfile(BaseModel):
    """The typical load by day type and clock time, and how much history it takes to use it.

    Attributes:
        resolution_minutes: Length of an interval.
        min_days: Days of 24 hours that a meter must have been read before it is forecast.
        relative_load: `[2, D]` of working days and rest days, relative to the meter's mean load.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    resolution_minutes: Annotated[int, Field(gt=0)]
    min_days: Annotated[int, Field(ge=1)]
    relative_load: tuple[tuple[_Load, ...], ...]

    @model_validator(mode="after")
    def _cover_both_days(self) -> Self:
        parts = parts_per_day(self.resolution_minutes)
        if [len(day) for day in self.relative_load] != [parts] * DAY_TYPES:
            raise ValueError(f"relative_load must be {DAY_TYPES} days of {parts} values")
        return self

    def in_windows(self, batch: FeatureBatch) -> np.ndarray:
        """The profile at the intervals of the batch's windows, `[N, sequence_length]` float64."""
        return np.array(self.relative_load).ravel()[_slots(batch)]


def fit_cold_start_profile(batches: Iterable[tuple[np.ndarray, FeatureBatch]], min_days: int) -> ColdStartProfile:
    """Fits the profile: the median over meters of each meter's mean load by slot, relative to its mean of all slots.

    It is never less than a tenth of the mean. A slot is a day type and a clock time. One that no window shows, as
    windows of a day may, takes the other day type's value. Meters whose feed-in and load nearly cancel out don't
    count. What is in memory is a batch, and the sums of each meter.

    Args:
        batches: Names of the meters `[N]` and their windows, a part of the training rows at a time.
        min_days: See `ColdStartProfile`.

    Raises:
        ReadingsError: No window tells the load at some clock time, or none tells any.
    """
    sums: dict[str, np.ndarray] = {}  # of each meter: totals and counts by slot, [2, S]
    for meters, batch in batches:
        resolution_minutes = batch.context.resolution_minutes
        names, rows = np.unique(meters.astype(str), return_inverse=True)
        for name, own in zip(names, _sums_by_slot(batch, rows, len(names)), strict=True):
            sums[name] = sums.get(name, 0) + own
    if not sums:
        raise ReadingsError("There is no training row to fit a profile to.", "Bring a longer dataset.")
    totals, counts = np.stack(list(sums.values()), axis=1)
    # pandas skips what is missing, and says nothing where all of it is.
    means = np.divide(totals, counts, out=np.full(totals.shape, np.nan), where=counts > 0)
    level, size = (pd.DataFrame(values).mean(axis=1).to_numpy() for values in (means, np.abs(means)))
    told = np.abs(level) > _SMALLEST_NET_SHARE * size
    days = pd.DataFrame(means[told] / level[told, None]).median().to_numpy(float).reshape(DAY_TYPES, -1)
    days = np.where(np.isnan(days), days[::-1], days)
    if np.isnan(days).any():
        raise ReadingsError(
            "The training rows don't show the load at every time of the day.", "Choose a longer lookback_window."
        )
    relative = tuple(map(tuple, np.maximum(days, _SMALLEST).tolist()))
    return ColdStartProfile(resolution_minutes=resolution_minutes, min_days=min_days, relative_load=relative)


def _sums_by_slot(batch: FeatureBatch, rows: np.ndarray, meters: int) -> np.ndarray:
    """Totals and counts of the present readings by meter and slot, `[meters, 2, S]`."""
    slots = DAY_TYPES * parts_per_day(batch.context.resolution_minutes)
    present = np.isfinite(batch.windows)
    group = (rows[:, None] * slots + _slots(batch))[present]
    counts = np.bincount(group, minlength=meters * slots)
    totals = np.bincount(group, weights=batch.windows[present], minlength=meters * slots)
    return np.stack([totals.reshape(meters, slots), counts.reshape(meters, slots)], axis=1)


def _slots(batch: FeatureBatch) -> np.ndarray:
    """The slot of each interval of the windows, `[N, sequence_length]`."""
    context = batch.context
    part = by_origin(
        batch, lambda local: part_of_day(local, context.resolution_minutes), range(-context.sequence_length, 0)
    )
    return rest_day_before(batch).astype(np.int64) * parts_per_day(context.resolution_minutes) + part
