"""From the state of each interval of the horizon to quantiles that can't cross."""

import numpy as np
from keras import ops

from metrify.forecasting.baselines import PERSISTENCE_LAG_DAYS
from metrify.forecasting.training.per_interval import dense
from metrify.forecasting.training.same_clock_time import Tensor, lags
from metrify.forecasting.training.slots import Slots

LAG_DAYS = (1, 2, 3, 7, 14, 21, 28)
_RARE_LAG_LOGIT = -2.0  # where the mixture starts for lags that are no part of the persistence ensemble


def add_quantile_head(slots: Slots, state: Tensor, levels: tuple[float, ...], non_negative: bool) -> Tensor:
    """A softmax mixes lagged days and what is usual into a median, which is corrected; positive steps give the others.

    The mixture, the correction and the steps are a linear function of the tokens plus one of the state. Before training
    both are 0, and the median is nearly the mean of the persistence ensemble's days and what is usual.

    Args:
        slots: What is known of each interval.
        state: `[N, H, E]` what a network made of it.
        levels: `[Q]` quantile levels that rise and hold the median.
        non_negative: Whether quantiles below 0 are 0.

    Returns:
        `[N, H, Q]` kWh.
    """
    width = len(levels) + len(LAG_DAYS) + 1
    head = dense(width, kernel_initializer="zeros")(state)
    head = head + dense(width, kernel_initializer="zeros", use_bias=False)(slots.tokens)
    lagged = lags(slots.history, LAG_DAYS)
    mixture = ops.softmax(head[:, :, len(levels) :] + start_logits())
    median = ops.sum(mixture * ops.concatenate([lagged, slots.usual], axis=-1), axis=-1, keepdims=True)
    quantiles = _spread_out(median, head[:, :, : len(levels)], slots.deviation, levels.index(0.5))
    return (ops.relu(quantiles) if non_negative else quantiles) * slots.scale


def start_logits() -> np.ndarray:
    """Where the mixture starts, `[8]`: for `LAG_DAYS`, and for what is usual."""
    lags = [0 if days in PERSISTENCE_LAG_DAYS else _RARE_LAG_LOGIT for days in LAG_DAYS]
    return np.array([*lags, 0], dtype=np.float32)


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
