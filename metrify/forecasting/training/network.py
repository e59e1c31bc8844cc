"""The same-hour recurrent quantile network.

For every interval of the horizon, one recurrent layer, shared over the intervals, reads the values of the same clock
time on each day of the window. A softmax mixes a few lagged days (yesterday, the last same weekdays) into a median,
corrected by the state; positive steps around the median give the other quantiles, so they can't cross. The mixture also
sees how well each lag would have done within the window itself, which is what lets it adapt to a meter it was never
trained on.

Every value is divided by the window's mean inside the graph, so the served model takes and gives kWh.
"""

import keras
import numpy as np
from keras import layers, ops

from metrify.config.schema import ConsumptionForecastingConfig
from metrify.errors import ConfigError
from metrify.forecasting.baselines import PERSISTENCE_LAG_DAYS

LAG_DAYS = (1, 2, 3, 7, 14, 21, 28)
SKILL_LAG_DAYS = (1, 2, 3, 7, 14)

_CELLS = {"lstm": layers.LSTM, "gru": layers.GRU}
_SMALLEST_SCALE_KWH = 1e-3
_HEAD_UNITS = 64
_CALENDAR_CHANNELS = 5
_RARE_LAG_LOGIT = -2.0  # where the mixture starts for lags that are no part of the persistence ensemble


def build_network(config: ConsumptionForecastingConfig, day_length: int, time_features: bool) -> keras.Model:
    """Builds the network.

    Args:
        config: Its sizes, cell and quantiles.
        day_length: Intervals in a day.
        time_features: Whether it takes `window_rest_day` and `horizon_calendar` beside `load_window`.

    Returns:
        A model from `load_window [N, L]` kWh, and with time features `window_rest_day [N, L]` and
        `horizon_calendar [N, H, 5]`, to `quantiles_kwh [N, H, Q]`.

    Raises:
        ConfigError: The sequence is not a whole number of days, too short, or the horizon is longer than a day.
    """
    days, remainder = divmod(config.sequence_length, day_length)
    if remainder or days < max(PERSISTENCE_LAG_DAYS) or config.forecast_horizon > day_length:
        raise ConfigError(
            f"A sequence of {config.sequence_length} and a horizon of {config.forecast_horizon} intervals don't fit.",
            f"Read {max(PERSISTENCE_LAG_DAYS)} or more whole days of {day_length} intervals, and forecast one at most.",
        )
    horizon, units, levels = config.forecast_horizon, config.lstm_units, len(config.quantiles)

    window = keras.Input((config.sequence_length,), name="load_window")
    inputs = [window]
    scale = ops.maximum(ops.mean(ops.abs(window), axis=1, keepdims=True), _SMALLEST_SCALE_KWH)
    by_day = ops.reshape(window / scale, (-1, days, day_length))
    history = by_day[:, :, :horizon]  # [N, days, H]: same clock time, day by day
    day_mean = ops.mean(by_day, axis=2, keepdims=True)

    weekly = np.zeros((1, days, horizon), dtype=np.float32)
    weekly[:, [days - lag for lag in PERSISTENCE_LAG_DAYS if lag % 7 == 0]] = 1
    sequence = [
        history,
        ops.concatenate([history[:, :, :1], history[:, :, :-1]], axis=2),
        ops.concatenate([history[:, :, 1:], history[:, :, -1:]], axis=2),
        ops.repeat(day_mean, horizon, axis=2),
        history * 0 + weekly,
    ]
    context = [day_mean[:, -1], day_mean[:, -7], ops.std(day_mean[:, :, 0], axis=1, keepdims=True), _lag_skill(by_day)]
    per_interval = []
    if time_features:
        rest = keras.Input((config.sequence_length,), name="window_rest_day")
        calendar = keras.Input((horizon, _CALENDAR_CHANNELS), name="horizon_calendar")
        inputs += [rest, calendar]
        rest_by_day = ops.reshape(rest, (-1, days, day_length))[:, :, :horizon]
        sequence.append(1 - ops.abs(rest_by_day - ops.expand_dims(calendar[:, :, -1], 1)))
        per_interval.append(calendar)

    steps = ops.transpose(ops.stack(sequence, axis=-1), (0, 2, 1, 3))
    state = _CELLS[config.model_type](units)(ops.reshape(steps, (-1, days, len(sequence))))
    state = ops.reshape(state, (-1, horizon, units))

    lagged = ops.stack([history[:, days - lag] for lag in LAG_DAYS], axis=1)
    persistence = ops.stack([history[:, days - lag] for lag in PERSISTENCE_LAG_DAYS], axis=1)
    mean, spread = ops.mean(history, axis=1), ops.std(lagged, axis=1)
    levels_now = ops.stack([ops.mean(persistence, axis=1), spread, mean, history[:, -1], history[:, -7]], axis=-1)
    shared = ops.repeat(ops.expand_dims(ops.concatenate(context, axis=-1), 1), horizon, axis=1)
    head = layers.Concatenate()([state, levels_now, shared, *per_interval])
    head = layers.Dropout(config.dropout_rate)(layers.Dense(_HEAD_UNITS, activation="relu")(head))
    head = layers.Dense(levels + len(LAG_DAYS), kernel_initializer="zeros")(head)

    start = np.array([0 if lag in PERSISTENCE_LAG_DAYS else _RARE_LAG_LOGIT for lag in LAG_DAYS], dtype=np.float32)
    mixture = ops.softmax(head[:, :, levels:] + start)
    mixed = ops.sum(mixture * ops.transpose(lagged, (0, 2, 1)), axis=-1, keepdims=True)
    step_size = ops.expand_dims(spread + 0.1 * ops.abs(mean) + 0.02, -1)
    quantiles = _spread_out(mixed, head[:, :, :levels], step_size, config.quantiles.index(0.5))
    quantiles = ops.relu(quantiles) * ops.expand_dims(scale, -1)
    return keras.Model(inputs, layers.Identity(name="quantiles_kwh")(quantiles), name=f"same_hour_{config.model_type}")


def _lag_skill(by_day):  # type: ignore[no-untyped-def]
    """How far each lag, and their mean, would have been off within the later half of the window, `[N, lags + 1]`."""
    half = by_day.shape[1] // 2
    recent = by_day[:, half:]

    def lagged(lag: int):  # type: ignore[no-untyped-def]
        return by_day[:, half - lag : by_day.shape[1] - lag]

    forecasts = [lagged(lag) for lag in SKILL_LAG_DAYS]
    forecasts.append((lagged(1) + lagged(7) + lagged(14)) / 3)
    errors = ops.stack([ops.mean(ops.abs(recent - forecast), axis=(1, 2)) for forecast in forecasts], axis=-1)
    skill = ops.log(errors + 0.02)
    return ops.concatenate([skill - ops.mean(skill, axis=1, keepdims=True), skill[:, 3:4]], axis=-1)


def _spread_out(median, head, step_size, middle: int):  # type: ignore[no-untyped-def]
    """Quantiles that rise: the median, corrected, and positive steps away from it on both sides, `[N, H, Q]`."""
    median = median + head[:, :, middle : middle + 1] * step_size
    steps = ops.softplus(head) * step_size
    columns = [median]
    for level in range(middle - 1, -1, -1):
        columns.insert(0, columns[0] - steps[:, :, level : level + 1])
    for level in range(middle + 1, head.shape[-1]):
        columns.append(columns[-1] + steps[:, :, level : level + 1])
    return ops.concatenate(columns, axis=-1)
