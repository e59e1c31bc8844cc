"""A network that learns all setpoints at once."""

from pathlib import Path

import keras
import numpy as np
from keras import layers

from metrify.config.grid_optimization import GridOptimizationConfig
from metrify.forecasting.training.export import export_onnx
from metrify.grid.controllers.onnx_policy import ACTION, VIEW
from metrify.grid.training.demonstrations import Demonstrations

_HIDDEN_LAYERS = 2
_HUBER = 0.1  # error beyond which it counts by its size, not by its square: what nobody could have known weighs less
_LARGEST = 8.0  # spreads from the mean, beyond which a view is cut: a week unlike all others


class FittedMultiOutput:
    """A network from views to actions.

    Args:
        network: Fitted.
        curve: Its losses by epoch.
    """

    def __init__(self, network: keras.Model, curve: list[dict[str, float]]) -> None:
        self.network, self.curve = network, curve

    def export_onnx(self, path: Path) -> None:
        """Writes its graph."""
        export_onnx(self.network, path)


def build_policy_network(views: np.ndarray, actions: int, config: GridOptimizationConfig) -> keras.Model:
    """A network from `view [N, F]` to `action [N, D]`, whose inputs are scaled inside.

    Args:
        views: `[N, F]` that the scales are of.
        actions: D.
        config: Of its layers.
    """
    read = keras.Input(views.shape[1:], name=VIEW)
    spread = views.std(axis=0)
    mean, scale = views.mean(axis=0), np.where(spread > 1e-6, spread, 1.0)
    state = layers.Rescaling((1 / scale).tolist(), (-mean / scale).tolist())(read)
    state = keras.ops.clip(state, -_LARGEST, _LARGEST)
    for _ in range(_HIDDEN_LAYERS):
        state = layers.Dense(config.units, activation="relu")(state)
        state = layers.Dropout(config.dropout_rate)(state)
    return keras.Model(read, layers.Dense(actions, name=ACTION)(state))


def fit_multi_output(shown: Demonstrations, config: GridOptimizationConfig) -> FittedMultiOutput:
    """Fits a network to demonstrations, deterministic by seed.

    Args:
        shown: What the teacher does.
        config: Of the network and its training.
    """
    keras.utils.set_random_seed(config.seed)
    network = build_policy_network(shown.views, shown.actions.shape[1], config)
    steps = config.epochs * -(-len(shown) // config.batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(config.learning_rate, steps)
    network.compile(keras.optimizers.AdamW(schedule), loss=keras.losses.Huber(_HUBER), jit_compile=False)
    told = network.fit(shown.views, shown.actions, batch_size=config.batch_size, epochs=config.epochs, verbose=0)
    curve = [{"loss": float(loss)} for loss in told.history["loss"]]
    return FittedMultiOutput(network, curve)
