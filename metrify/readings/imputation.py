"""Imputation: fills short gaps from earlier weeks, marks what it filled, and never looks ahead or across a split.

What a gap is filled with is a function of earlier readings alone. A window that is cut from an imputed matrix is
therefore the same whether it is cut when it ended or a year later, which is what lets training and serving agree.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from metrify.config.schema import QualityConfig
from metrify.readings.matrix import ReadingsMatrix
from metrify.units import hours

WEEKS = 4  # how far back the same clock time of the same weekday is looked for


def impute(
    matrix: ReadingsMatrix, boundaries: Sequence[pd.Timestamp], timezone: str, config: QualityConfig
) -> tuple[ReadingsMatrix, np.ndarray]:
    """Fills the beginnings of gaps with the mean of the readings at the same clock time of up to four earlier weeks.

    Only measured readings of the same meter on the same side of every boundary count, and what is filled is not read
    again. How long a gap will last is not known when it begins, so each gap is filled up to the limit, the longer ones
    too, and what lies deeper stays missing.

    Args:
        matrix: Readings `[M, T]`.
        boundaries: Moments at which time is split, UTC.
        timezone: IANA name of the local time, since loads follow the clock on the wall.
        config: Whether to impute, and up to where in a gap.

    Returns:
        The matrix with the gaps filled, and a mask `[M, T]` of what was filled. A gap without an earlier reading stays.
    """
    imputed = np.zeros(matrix.kwh.shape, dtype=bool)
    if config.imputation == "none":
        return matrix, imputed
    stamps = matrix.timestamps
    side = np.zeros(len(stamps), dtype=np.int64)
    for boundary in boundaries:
        side += stamps >= boundary
    deepest = int(config.imputation_max_gap_hours / hours(matrix.resolution_minutes))
    depth = _depth_in_gap(np.isfinite(matrix.kwh))
    rows, columns = np.nonzero((depth > 0) & (depth <= deepest))
    total, count = np.zeros(len(rows)), np.zeros(len(rows), dtype=int)
    for weeks in range(1, WEEKS + 1):
        sources = _columns_weeks_before(stamps, timezone, matrix.resolution_minutes, weeks)[columns]
        usable = sources >= 0
        usable[usable] &= side[sources[usable]] == side[columns[usable]]
        kwh = np.where(usable, matrix.kwh[rows, np.where(usable, sources, 0)], np.nan)
        there = np.isfinite(kwh)
        total[there] += kwh[there]
        count += there
    found = count > 0
    rows, columns = rows[found], columns[found]
    filled = matrix.kwh.copy()
    filled[rows, columns] = total[found] / count[found]
    imputed[rows, columns] = True
    return replace(matrix, kwh=filled), imputed


def _depth_in_gap(present: np.ndarray) -> np.ndarray:
    """How many readings in a row are missing up to each one, `[M, T]`; 0 where one is there.

    A gap that began on another side of a boundary needs no care: the limit is at most a day, and in the first week
    behind a boundary nothing can be filled.
    """
    columns = np.arange(present.shape[1], dtype=np.int32)
    last_present = np.maximum.accumulate(np.where(present, columns, np.int32(-1)), axis=1)
    return columns - last_present


def _columns_weeks_before(stamps: pd.DatetimeIndex, timezone: str, resolution_minutes: int, weeks: int) -> np.ndarray:
    """The column of the same clock time some weeks earlier, `[T]`; negative where it lies before the first column.

    An hour that the clocks skipped is taken as the one that followed, one that came twice as the first.
    """
    local = stamps.tz_convert(timezone).tz_localize(None) - pd.Timedelta(weeks=weeks)
    twice = np.ones(len(local), dtype=bool)
    earlier = local.tz_localize(timezone, ambiguous=twice, nonexistent="shift_forward").tz_convert("UTC")
    step = pd.Timedelta(minutes=resolution_minutes)
    return np.asarray((earlier - stamps[0]) // step)
