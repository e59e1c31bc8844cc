"""The loss of quantile networks."""

from collections.abc import Callable

import numpy as np
from keras import ops


def pinball_loss(levels: tuple[float, ...]) -> Callable:
    """Pinball loss averaged over levels and over the intervals that were measured, a number a row.

    Koenker and Bassett 1978, doi 10.2307/1913643.

    Args:
        levels: `[Q]` quantile levels.
    """
    taus = np.array(levels, dtype=np.float32)

    def loss(target, quantiles):  # type: ignore[no-untyped-def]
        measured = ops.isfinite(target)
        error = ops.expand_dims(ops.where(measured, target, 0), -1) - quantiles
        by_interval = ops.mean(ops.maximum(taus * error, (taus - 1) * error), axis=-1)
        counted = ops.cast(measured, by_interval.dtype)
        return ops.sum(by_interval * counted, axis=-1) / ops.maximum(ops.sum(counted, axis=-1), 1)

    return loss
