"""Whether the newest week of a meter is unlike its own earlier weeks, in level or in the form of its day."""

import numpy as np
import pandas as pd

from metrify.readings.matrix import ReadingsMatrix

DAYS = 7
_REFERENCE_WEEKS = 8
_LEAST_WEEKS = 3  # fewer say too little about what is usual
_LEAST_SHARE = 0.5  # of a week's readings
_LEVEL_MARGIN = 0.25  # of the meter's usual load
_FORM_MARGIN = 0.1  # of the day's energy
_SMALLEST_KWH = 1e-3


def unusual_weeks(newest: np.ndarray, earlier: np.ndarray, day_length: int) -> tuple[np.ndarray, np.ndarray]:
    """Compares each meter's newest week with its own earlier weeks.

    A week is unusual if its mean load lies outside of what the earlier weeks span, widened on both sides by a quarter
    of the meter's mean absolute load; or if its day differs more from the usual one than that of any earlier week, by
    a tenth of the day's energy that lies at another time. Both are relative to the meter itself, so neither its size
    nor its habits count.

    Args:
        newest: `[N, W]` kWh per interval, whole days, oldest first; NaN where a reading is missing.
        earlier: `[N, K, W]` the weeks before, at the same local times.
        day_length: Intervals in a day.

    Returns:
        `[N]` whether the newest week is unusual, and `[N]` whether it could be judged: a week with less than half of
        its readings is none, and fewer than three earlier weeks are too few.
    """
    weeks = np.concatenate([newest[:, None], earlier], axis=1).astype(np.float64)
    known = np.isfinite(weeks).sum(axis=2) >= max(_LEAST_SHARE * newest.shape[1], 1)
    judged = known[:, 0] & (known[:, 1:].sum(axis=1) >= _LEAST_WEEKS)
    weeks, reference = weeks[judged], known[judged, 1:]
    scale = np.maximum(_mean(np.abs(weeks[:, 1:]), reference[..., None], axis=(1, 2)), _SMALLEST_KWH)
    level = _mean(weeks, True, axis=2) / scale[:, None]
    form = _form(weeks, day_length)
    usual = _mean(form[:, 1:], reference[..., None], axis=1)
    moved = np.nansum(np.abs(form - usual[:, None]), axis=2) / 2
    unusual = np.zeros(len(newest), bool)
    unusual[judged] = _outside(level, reference, _LEVEL_MARGIN) | _outside(moved, reference, _FORM_MARGIN)
    return unusual, judged


def weeks_before(matrix: ReadingsMatrix, rows: np.ndarray, ends: pd.DatetimeIndex, length: int) -> np.ndarray:
    """The intervals before the same local time in each of the eight weeks before.

    Args:
        matrix: Readings `[M, T]`.
        rows: `[N]` the meters, by their row in the matrix.
        ends: `[N]` ends of their newest week, in local time.
        length: Intervals.

    Returns:
        `[N, 8, length]` kWh, oldest first; NaN where a reading is missing or lies outside the matrix.
    """
    step = pd.Timedelta(minutes=matrix.resolution_minutes)
    weeks = [(ends - pd.DateOffset(days=DAYS * week)).tz_convert("UTC") for week in range(1, _REFERENCE_WEEKS + 1)]
    places = np.stack([((week - matrix.start) // step).to_numpy() for week in weeks], axis=1)
    columns = places[..., None] + np.arange(-length, 0)
    inside = (columns >= 0) & (columns < matrix.kwh.shape[1])
    return np.where(inside, matrix.kwh[rows[:, None, None], np.where(inside, columns, 0)], np.nan)


def _mean(values: np.ndarray, where: np.ndarray | bool, axis: int | tuple[int, ...]) -> np.ndarray:
    """Means of the finite values at the wanted places; NaN where there is none."""
    wanted = np.isfinite(values) & where
    counts = wanted.sum(axis=axis)
    totals = np.where(wanted, values, 0).sum(axis=axis)
    return np.divide(totals, counts, out=np.full(counts.shape, np.nan), where=counts > 0)


def _form(weeks: np.ndarray, day_length: int) -> np.ndarray:
    """The mean day of each week as shares of its absolute energy, `[N, K, day_length]`."""
    count, number, length = weeks.shape
    day = _mean(weeks.reshape(count, number, length // day_length, day_length), True, axis=2)
    return day / np.maximum(np.nansum(np.abs(day), axis=2, keepdims=True), _SMALLEST_KWH)


def _outside(values: np.ndarray, reference: np.ndarray, margin: float) -> np.ndarray:
    """Whether the first of `[N, 1 + K]` lies outside of the span of the wanted others, by more than a margin."""
    low = np.where(reference, values[:, 1:], np.inf).min(axis=1, initial=np.inf) - margin
    high = np.where(reference, values[:, 1:], -np.inf).max(axis=1, initial=-np.inf) + margin
    return (values[:, 0] < low) | (values[:, 0] > high)
