"""The window by day: what was at the clock time of each interval of the horizon."""

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
    return ops.transpose(ops.take(by_day, np.arange(horizon) % day_length, axis=2), (0, 2, 1))


def lag(history: Tensor, days: int) -> Tensor:
    """The value some days before each interval of the first day, `[N, H]`, from a `[N, H, D]` history."""
    return history[:, :, history.shape[2] - days]
