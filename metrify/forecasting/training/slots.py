"""What a network reads of each interval of the horizon: the same clock time on each day before, and the calendar.

All of it is computed inside the graph from the features that a server sends, so the served model takes and gives kWh.
Two normalisations make meters alike: by the window's mean, and then by what is usual and how far days lie from that.
No value tells how large a meter is, so a load of twice the size has a forecast of twice the size.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import keras
import numpy as np
from keras import ops

from metrify.errors import ConfigError
from metrify.forecasting.baselines import PERSISTENCE_LAG_DAYS
from metrify.forecasting.training.code_embedding import code_names, number_codes
from metrify.forecasting.training.same_clock_time import Tensor, lags, same_clock_time
from metrify.forecasting.training.weather_tokens import add_weather

CALENDAR_CHANNELS = 5
WEEKDAYS = 7
_SMALLEST_SCALE_KWH = 1e-3
_DEVIATIONS = (0.02, 2.0)  # bounds, over the window's mean
_LARGEST_DEVIATION = 8.0
_HISTORY_RANKS = (0.0, 0.07, 0.18, 0.33, 0.48, 0.67, 0.82, 0.93, 1.0)


@dataclass(frozen=True)
class Slots:
    """Tensors of N rows, H intervals of the horizon and D days of the window; loads are over the window's mean.

    Attributes:
        inputs: The graph's inputs.
        scale: `[N, 1, 1]` mean load of the window, kWh.
        history: `[N, H, D]` load at the same clock time, oldest day first.
        alike: `[N, H, D]` 1 where a day is of the same kind as the forecast one: both of rest, or neither.
        day_mean: `[N, D]` mean load of each day.
        usual: `[N, H, 1]` mean load of the days of the same kind.
        deviation: `[N, 1, 1]` how far the same weekdays lie from that, on average.
        tokens: `[N, H, F]` all of it and statistics of it, calendar and weather.
        numbers: `[N, C]` int32 numbers of the meter and its classes in the order of `code_names`, see `number_codes`;
            None where the rows tell none.
    """

    inputs: list[Tensor]
    scale: Tensor
    history: Tensor
    alike: Tensor
    day_mean: Tensor
    usual: Tensor
    deviation: Tensor
    tokens: Tensor
    numbers: Tensor | None = None

    @property
    def tensors(self) -> list[Tensor]:
        """All but the inputs."""
        return list(self._by_name.values())

    def placeholders(self) -> "Slots":
        """Inputs with the shapes of these tensors, so that several networks can read the same ones."""
        shaped = {
            name: keras.Input(tensor.shape[1:], dtype=tensor.dtype, name=name) for name, tensor in self._by_name.items()
        }
        return Slots(list(shaped.values()), **shaped)

    @property
    def _by_name(self) -> dict[str, Tensor]:
        named = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "inputs"}
        return {name: tensor for name, tensor in named.items() if tensor is not None}


def build_slots(
    sequence_length: int, horizon: int, day_length: int, features: set[str], known_codes: Mapping[str, np.ndarray]
) -> Slots:
    """Builds the inputs and what is computed of them.

    Args:
        sequence_length: Intervals of the window, whole days.
        horizon: Intervals to forecast, any number.
        day_length: Intervals in a day.
        features: Names of the features that the rows have: `load_window`; for the calendar `window_rest_day` and
            `horizon_calendar`; for the weather `observed_temperature` and `forecast_temperature`, and the like; for
            the meter `meter_code`, and for its classes `static_tariff` and the like.
        known_codes: `[K]` of the known meters and classes, by feature.

    Raises:
        ConfigError: The sequence is not a whole number of days, or too short.
    """
    days, remainder = divmod(sequence_length, day_length)
    if remainder or days < max(PERSISTENCE_LAG_DAYS):
        raise ConfigError(
            f"A sequence of {sequence_length} intervals doesn't fit.",
            f"Read {max(PERSISTENCE_LAG_DAYS)} or more whole days of {day_length} intervals.",
        )
    window = keras.Input((sequence_length,), name="load_window")
    inputs = [window]
    scale = ops.maximum(ops.mean(ops.abs(window), axis=1, keepdims=True), _SMALLEST_SCALE_KWH)
    loads = window / scale
    scale = ops.expand_dims(scale, -1)
    history = same_clock_time(loads, day_length, horizon)
    day_mean = ops.mean(ops.reshape(loads, (-1, days, day_length)), axis=2)
    alike, channels = ops.ones_like(history), []
    if "horizon_calendar" in features:
        rest = keras.Input((sequence_length,), name="window_rest_day")
        calendar = keras.Input((horizon, CALENDAR_CHANNELS), name="horizon_calendar")
        inputs += [rest, calendar]
        alike = 1 - ops.abs(same_clock_time(rest, day_length, horizon) - calendar[:, :, -1:])
        channels += [calendar, _weekday(calendar)]
    weather_inputs, weather = add_weather(sequence_length, horizon, day_length, features, alike)
    usual, deviation = _usual(history, alike)
    statistics = _statistics(history, usual, deviation, day_mean)
    tokens = ops.concatenate([*statistics, *channels, *weather], axis=-1)
    inputs += weather_inputs
    codes = {name: keras.Input((), name=name) for name in code_names(features)}
    inputs += codes.values()
    none = np.empty(0, np.float32)
    numbers = [number_codes(code, known_codes.get(name, none)) for name, code in codes.items()]
    stacked = ops.stack(numbers, axis=1) if numbers else None
    return Slots(inputs, scale, history, alike, day_mean, usual, deviation, tokens, stacked)


def _weekday(calendar: Tensor) -> Tensor:
    """The weekday as seven channels of 0 and 1, from its sine and cosine, `[N, H, 7]`."""
    angles = 2 * np.pi * np.arange(WEEKDAYS) / WEEKDAYS
    closeness = calendar[:, :, 2:3] * np.sin(angles).astype(np.float32)
    closeness = closeness + calendar[:, :, 3:4] * np.cos(angles).astype(np.float32)
    neighbour = float(np.cos(angles[1]))
    return ops.relu((closeness - neighbour) / (1 - neighbour))


def _statistics(history: Tensor, usual: Tensor, deviation: Tensor, day_mean: Tensor) -> list[Tensor]:
    """History, its mean, spread and ranks, the mean of such weekdays and the level of the days, all as deviations."""
    days, horizon = history.shape[2], history.shape[1]

    def deviating(values: Tensor, middle: Tensor) -> Tensor:
        return ops.clip((values - middle) / deviation, -_LARGEST_DEVIATION, _LARGEST_DEVIATION)

    weekly = ops.mean(lags(history, range(WEEKDAYS, days + 1, WEEKDAYS)), axis=2, keepdims=True)
    ranks = np.unique(np.round(np.array(_HISTORY_RANKS) * (days - 1)).astype(int))
    week = ops.expand_dims(day_mean[:, -WEEKDAYS:], 1)
    mean_week = ops.mean(week, axis=2, keepdims=True)
    level = [deviating(ops.concatenate([week, mean_week], axis=2), 1), ops.log(deviation)]
    falling = ops.top_k(history, days)[0]
    return [
        deviating(ops.concatenate([history, ops.mean(history, axis=2, keepdims=True)], axis=2), usual),
        ops.std(history, axis=2, keepdims=True) / deviation,
        deviating(ops.concatenate([weekly, ops.take(falling, days - 1 - ranks, axis=2)], axis=2), usual),
        usual - 1,
        ops.tile(ops.concatenate(level, axis=2), (1, horizon, 1)),
    ]


def _usual(history: Tensor, alike: Tensor) -> tuple[Tensor, Tensor]:
    """The mean of the days of the same kind, `[N, H, 1]`, and how far the same weekday lies from it, `[N, 1, 1]`."""
    count = ops.sum(alike, axis=2, keepdims=True)
    of_kind = ops.sum(history * alike, axis=2, keepdims=True) / ops.maximum(count, 1)
    usual = ops.where(count > 0, of_kind, ops.mean(history, axis=2, keepdims=True))
    weekly = lags(history, range(WEEKDAYS, history.shape[2] + 1, WEEKDAYS))
    deviation = ops.mean(ops.abs(weekly - usual), axis=(1, 2), keepdims=True)
    return usual, ops.clip(deviation, *_DEVIATIONS)
