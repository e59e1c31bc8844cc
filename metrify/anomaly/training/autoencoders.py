"""Networks that are fitted to give back what they read: what they can't give back is unusual.

Hawkins, He, Williams and Baxter 2002, doi 10.1007/3-540-46145-0_17; with LSTM cells Malhotra and others 2016,
arXiv:1607.00148.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import keras
import numpy as np
from keras import layers, ops

from metrify.config.anomaly_detection import AnomalyDetectionConfig
from metrify.forecasting.training.export import export_onnx

AUTOENCODER_FEATURES = ("day_deviation",)
_WIDE = 4  # times the narrowest layer
_LSTM = "lstm_autoencoder"


class FittedAutoencoder:
    """A network from `day_deviation [N, T]` to `score [N]`: the mean squared error of what it gives back.

    Args:
        network: Fitted.
        curve: Its losses by epoch.
    """

    def __init__(self, network: keras.Model, curve: list[dict[str, float]]) -> None:
        self._network, self.curve = network, curve

    def export_onnx(self, path: Path) -> None:
        """Writes its graph."""
        export_onnx(self._network, path)


def fit_autoencoder(
    features: Mapping[str, np.ndarray],
    config: AnomalyDetectionConfig,
    on_epoch: Callable[[int, dict[str, float]], None],
    kind: str = "autoencoder",
) -> FittedAutoencoder:
    """Fits an autoencoder to mostly normal days, deterministic by seed.

    Args:
        features: `day_deviation [N, T]`.
        config: Sizes, epochs and seed.
        on_epoch: Told each epoch's number from 1 and its losses.
        kind: `autoencoder`, or `lstm_autoencoder`.
    """
    keras.utils.set_random_seed(config.seed)
    deviations = features["day_deviation"]
    read = keras.Input(deviations.shape[1:], name="day_deviation")
    given_back = (_recurrent if kind == _LSTM else _dense)(read, config.units)
    error = ops.mean(ops.square(read - given_back), axis=1)
    network = keras.Model(read, layers.Identity(name="score")(error))
    steps = config.epochs * -(-len(deviations) // config.batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(config.learning_rate, steps)
    network.compile(keras.optimizers.Adam(schedule), loss=lambda nothing, score: score, jit_compile=False)
    nothing = np.zeros(len(deviations), np.float32)
    curve: list[dict[str, float]] = []

    def keep(epoch: int, losses: dict[str, float]) -> None:
        curve.append({"loss": losses["loss"]})
        on_epoch(epoch + 1, curve[-1])

    network.fit(
        deviations,
        nothing,
        batch_size=config.batch_size,
        epochs=config.epochs,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=keep)],
        verbose=0,
    )
    return FittedAutoencoder(network, curve)


def _dense(read: object, units: int) -> object:
    state = layers.Dense(_WIDE * units, activation="relu")(read)
    state = layers.Dense(_WIDE * units, activation="relu")(layers.Dense(units)(state))
    return layers.Dense(read.shape[1])(state)  # type: ignore[attr-defined]


def _recurrent(read: object, units: int) -> object:
    """An LSTM reads the day, and another one writes it from the last state."""
    sequence = ops.expand_dims(read, -1)
    state = layers.RepeatVector(read.shape[1])(layers.LSTM(units)(sequence))  # type: ignore[attr-defined]
    return ops.squeeze(layers.Dense(1)(layers.LSTM(units, return_sequences=True)(state)), -1)
