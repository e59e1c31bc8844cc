"""The same layer for each interval of each row."""

from collections.abc import Callable

from keras import layers, ops

from metrify.forecasting.training.same_clock_time import Tensor


def dense(units: int, **options: object) -> Callable[[Tensor], Tensor]:
    """A dense layer of the last axis, as one product over all rows and intervals.

    Keras has this, too, for any number of axes. But it finds out their lengths by operators, which an exported graph
    runs with each row again.

    Args:
        units: Of the layer.
        options: Those of `keras.layers.Dense`.

    Returns:
        From `[N, H, E]` to `[N, H, units]`.
    """
    layer = layers.Dense(units, **options)

    def apply(state: Tensor) -> Tensor:
        _, intervals, width = state.shape
        return ops.reshape(layer(ops.reshape(state, (-1, width))), (-1, intervals, units))

    return apply
