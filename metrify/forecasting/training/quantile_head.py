"""From the state of each interval of the horizon to quantiles that can't cross."""

from keras import layers, ops

from metrify.forecasting.training.same_clock_time import Tensor
from metrify.forecasting.training.slots import Slots


def add_quantile_head(slots: Slots, state: Tensor, levels: tuple[float, ...], non_negative: bool) -> Tensor:
    """The median is what is usual, corrected; positive steps away from it give the others.

    The correction and the steps are a linear function of the tokens plus one of the state, in units of the deviation.
    Before training both are 0, and the median is what is usual.

    Args:
        slots: What is known of each interval.
        state: `[N, H, E]` what a network made of it.
        levels: `[Q]` quantile levels that rise and hold the median.
        non_negative: Whether quantiles below 0 are 0.

    Returns:
        `[N, H, Q]` kWh.
    """
    head = layers.Dense(len(levels), kernel_initializer="zeros")(state)
    head = head + layers.Dense(len(levels), kernel_initializer="zeros", use_bias=False)(slots.tokens)
    quantiles = _spread_out(slots.usual, head, slots.deviation, levels.index(0.5))
    return (ops.relu(quantiles) if non_negative else quantiles) * slots.scale


def _spread_out(median: Tensor, head: Tensor, step_size: Tensor, middle: int) -> Tensor:
    """Quantiles that rise: the median, corrected, and positive steps away from it on both sides, `[N, H, Q]`."""
    median = median + head[:, :, middle : middle + 1] * step_size
    steps = ops.softplus(head) * step_size
    columns = [median]
    for level in range(middle - 1, -1, -1):
        columns.insert(0, columns[0] - steps[:, :, level : level + 1])
    for level in range(middle + 1, head.shape[-1]):
        columns.append(columns[-1] + steps[:, :, level : level + 1])
    return ops.concatenate(columns, axis=-1)
