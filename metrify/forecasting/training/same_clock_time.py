"""The window by day: what was at the clock time of each interval of the horizon."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from keras import ops

Tensor = Any


def same_clock_time(window: Tensor, day_length: int, horizon: int) -> Tensor:
    """The values at the clock time of each interval of the horizon, which may be longer than a day.

    Args:
        window: `[N, D * day_length]`, whole days that end at the origin, oldest first.
        day_length: Intervals in a day.
        horizon: Intervals to forecast.

    Returns:
        `[N, H, D]`, oldest day first.
    """
    by_day = ops.reshape(window, (-1, window.shape[1] // day_length, day_length))
    days = -(-horizon // day_length)
    ahead = ops.concatenate([by_day] * days, axis=2) if days > 1 else by_day
    return ops.transpose(ahead[:, :, :horizon], (0, 2, 1))


def lags(history: Tensor, days: Iterable[int]) -> Tensor:
    """The values L times some days before each interval of the first day, `[N, H, L]`, from a `[N, H, D]` history."""
    return ops.take(history, np.array([history.shape[2] - before for before in days]), axis=2)
