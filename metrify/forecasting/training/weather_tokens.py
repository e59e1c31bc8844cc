"""What a network reads of the weather in each interval of the horizon: the forecast, and how unlike the past it is."""

from collections.abc import Mapping

import keras
from keras import ops

from metrify.forecasting.training.same_clock_time import Tensor, lags, same_clock_time

_LAG_DAYS = (1, 2, 7, 14)
# Divisors that bring each quantity to about 1.
_SIZES: Mapping[str, float] = {"temperature": 10.0, "radiation": 500.0}


def add_weather(
    sequence_length: int, horizon: int, day_length: int, features: set[str], alike: Tensor
) -> tuple[list[Tensor], list[Tensor]]:
    """Builds inputs and channels of each quantity that the rows have, observed and forecast.

    A value that was not known (NaN) counts as the mean of the same clock time in the window, and as 0 where the window
    knows nothing either.

    Args:
        sequence_length: Intervals of the window.
        horizon: Intervals to forecast.
        day_length: Intervals in a day.
        features: Names of the features that the rows have.
        alike: `[N, H, D]` which days of the window are of the same kind as the forecast one.

    Returns:
        The inputs, and channels `[N, H, C]`; none of either without weather.
    """
    inputs, channels = [], []
    for quantity, size in _SIZES.items():
        names = (f"observed_{quantity}", f"forecast_{quantity}")
        if not features.issuperset(names):
            continue
        observed, forecast = (
            keras.Input((length,), name=name) for name, length in zip(names, (sequence_length, horizon), strict=True)
        )
        inputs += [observed, forecast]
        history = same_clock_time(observed / size, day_length, horizon)
        usual = _mean(history, ops.ones_like(history))
        history = ops.where(ops.isnan(history), usual, history)
        ahead = ops.expand_dims(forecast / size, -1)
        ahead = ops.where(ops.isnan(ahead), usual, ahead)
        on_such_days = _mean(history, alike)
        before = lags(history, _LAG_DAYS)
        day = ops.tile(ops.mean(ahead, axis=1, keepdims=True), (1, horizon, 1))
        channels.append(ops.concatenate([ahead, on_such_days, ahead - on_such_days, day, before], axis=-1))
    return inputs, channels


def _mean(history: Tensor, wanted: Tensor) -> Tensor:
    """The mean of the known and wanted days, `[N, H, 1]`; 0 where there is none."""
    missing = ops.isnan(history)
    counted = (1 - ops.cast(missing, "float32")) * wanted
    # What is missing becomes 1 and is weighted with 0. With 0 in its place, the exported graph would multiply NaN by 0.
    total = ops.sum(ops.where(missing, 1, history) * counted, axis=2, keepdims=True)
    return total / ops.maximum(ops.sum(counted, axis=2, keepdims=True), 1)
