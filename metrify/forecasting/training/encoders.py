"""What the networks are: each turns what is known of the horizon's intervals into a state of each interval."""

from collections.abc import Callable, Mapping

import keras
import numpy as np
from keras import layers, ops

from metrify.config.schema import ConsumptionForecastingConfig
from metrify.forecasting.training.per_interval import dense
from metrify.forecasting.training.same_clock_time import Tensor
from metrify.forecasting.training.slots import Slots

_KERNEL_DAYS = 3
_HEADS = 4
_BLOCKS = 2
_TOKEN_UNITS = 12
_TOGETHER_UNITS = 64
_WIDE = 8  # times the width of an interval: what is seen in all of them at once

Encoder = Callable[[Slots, ConsumptionForecastingConfig], Tensor]


def encode_recurrent(cell: type[layers.Layer]) -> Encoder:
    """A recurrent layer, shared by all intervals, that reads the days of the window."""

    def encode(slots: Slots, config: ConsumptionForecastingConfig) -> Tensor:
        return _per_interval(slots, config, cell(config.lstm_units)(_day_sequences(slots)))

    return encode


def encode_attention_lstm(slots: Slots, config: ConsumptionForecastingConfig) -> Tensor:
    """An LSTM over the days, whose states are weighed by how much each day matters.

    Additive attention with one query: Bahdanau, Cho and Bengio 2015, arXiv:1409.0473.
    """
    states = layers.LSTM(config.lstm_units, return_sequences=True)(_day_sequences(slots))
    weights = dense(1)(dense(config.lstm_units, activation="tanh")(states))
    context = ops.sum(states * ops.softmax(weights, axis=1), axis=1)
    return _per_interval(slots, config, ops.concatenate([context, states[:, -1]], axis=-1))


def encode_cnn_lstm(slots: Slots, config: ConsumptionForecastingConfig) -> Tensor:
    """A convolution over neighbouring days before the LSTM."""
    local = layers.Conv1D(config.lstm_units, _KERNEL_DAYS, padding="causal", activation="relu")(_day_sequences(slots))
    return _per_interval(slots, config, layers.LSTM(config.lstm_units)(local))


def encode_transformer(slots: Slots, config: ConsumptionForecastingConfig) -> Tensor:
    """Self-attention between the intervals of the horizon, each with its own history.

    Vaswani and others 2017, arXiv:1706.03762, with the normalisation before each layer.
    """
    width = max(config.lstm_units // _HEADS, 1) * _HEADS
    state = _Position()(dense(width)(slots.tokens))
    for _ in range(_BLOCKS):
        seen = layers.LayerNormalization(epsilon=1e-5)(state)
        attended = layers.MultiHeadAttention(_HEADS, width // _HEADS, dropout=config.dropout_rate)(seen, seen)
        state = state + attended
        wide = dense(2 * width, activation="relu")(layers.LayerNormalization(epsilon=1e-5)(state))
        state = state + dense(width)(layers.Dropout(config.dropout_rate)(wide))
    return state


def encode_mixer(slots: Slots, config: ConsumptionForecastingConfig) -> Tensor:
    """Layers that mix in turn along the intervals and along the channels.

    After TSMixer: Chen, Li, Yoder, Arik and Pfister 2023, arXiv:2303.06053.
    """
    width, intervals = config.lstm_units, slots.tokens.shape[1]
    state = _Position()(dense(width)(slots.tokens))
    for _ in range(_BLOCKS):
        along = layers.Permute((2, 1))(layers.LayerNormalization(epsilon=1e-5)(state))
        along = dense(intervals)(dense(width, activation="relu")(along))
        state = state + layers.Permute((2, 1))(layers.Dropout(config.dropout_rate)(along))
        across = dense(2 * width, activation="relu")(layers.LayerNormalization(epsilon=1e-5)(state))
        state = state + dense(width)(layers.Dropout(config.dropout_rate)(across))
    return state


def encode_residual(slots: Slots, config: ConsumptionForecastingConfig) -> Tensor:
    """Fully connected blocks over all intervals at once; each takes from its input what it has explained.

    Doubly residual stacking of N-BEATS and N-HiTS: Oreshkin and others 2020, arXiv:1905.10437; Challu and others 2023,
    arXiv:2201.12886.
    """
    intervals, units = slots.tokens.shape[1], _WIDE * config.lstm_units
    left = layers.Flatten()(dense(_TOKEN_UNITS)(slots.tokens))
    explained: Tensor = 0
    for _ in range(_BLOCKS):
        hidden = layers.Dense(units, activation="relu")(left)
        hidden = layers.Dense(units, activation="relu")(layers.Dropout(config.dropout_rate)(hidden))
        explained = explained + layers.Dense(intervals * _TOKEN_UNITS)(hidden)
        left = left - layers.Dense(left.shape[-1])(hidden)
    return layers.Reshape((intervals, _TOKEN_UNITS))(explained)


def encode_context(slots: Slots, config: ConsumptionForecastingConfig) -> Tensor:
    """Each interval's own channels, to which blocks add what fully connected layers see in all intervals at once.

    After TiDE's residual blocks and its linear path around them (Das and others 2023, arXiv:2304.08424): on a
    processor, few large products are far cheaper than many small ones.
    """
    intervals, width = slots.tokens.shape[1], config.lstm_units
    state = _Position()(dense(width)(slots.tokens))
    seen = slots.tokens
    for _ in range(_BLOCKS):
        whole = layers.Flatten()(dense(_TOKEN_UNITS)(seen))
        hidden = layers.Dense(_WIDE * width, activation="relu")(whole)
        hidden = layers.Dropout(config.dropout_rate)(hidden)
        hidden = hidden + layers.Dense(_WIDE * width, activation="relu")(hidden)
        state = state + layers.Reshape((intervals, width))(layers.Dense(intervals * width)(hidden))
        state = state + dense(width)(dense(2 * width, activation="relu")(state))
        seen = state
    return state


ENCODERS: Mapping[str, Encoder] = {
    "lstm": encode_recurrent(layers.LSTM),
    "gru": encode_recurrent(layers.GRU),
    "cnn_lstm": encode_cnn_lstm,
    "attention_lstm": encode_attention_lstm,
    "transformer": encode_transformer,
    "mixer": encode_mixer,
    "residual": encode_residual,
    "context": encode_context,
}


class _Position(layers.Layer):
    """Adds a learnt vector to each interval of the horizon."""

    def build(self, input_shape: tuple[int, ...]) -> None:
        start = keras.initializers.RandomNormal(stddev=0.02)
        self.position = self.add_weight(shape=input_shape[1:], initializer=start, name="position")

    def call(self, tokens: Tensor) -> Tensor:
        return tokens + self.position


def _day_sequences(slots: Slots) -> Tensor:
    """What is known of an interval day by day, `[N * H, D, channels]`."""
    history, days = slots.history, slots.history.shape[2]
    weekly = np.zeros((1, 1, days), dtype=np.float32)
    weekly[:, :, days - 7 :: -7] = 1
    sequence = [
        history,
        ops.concatenate([history[:, :1], history[:, :-1]], axis=1),  # the interval before
        ops.concatenate([history[:, 1:], history[:, -1:]], axis=1),  # and the one after
        history * 0 + ops.expand_dims(slots.day_mean, 1),
        history * 0 + weekly,
        slots.alike,
    ]
    return ops.reshape(ops.stack(sequence, axis=-1), (-1, days, len(sequence)))


def _per_interval(slots: Slots, config: ConsumptionForecastingConfig, state: Tensor) -> Tensor:
    """What was read of an interval's days, together with all that is known of it."""
    state = ops.reshape(state, (-1, slots.history.shape[1], state.shape[-1]))
    together = layers.Concatenate()([state, slots.tokens])
    return layers.Dropout(config.dropout_rate)(dense(_TOGETHER_UNITS, activation="relu")(together))
