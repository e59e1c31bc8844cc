"""One epoch after another of a network, alone or on several machines or devices."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from metrify.forecasting.training.batches import stream_batches
from metrify.forecasting.training.distributed_epochs import DistributedEpochs
from metrify.forecasting.training.distribution import distribute_batches
from metrify.forecasting.training.rows import RowSource

RunEpoch = Callable[[np.ndarray], dict[str, float]]


def epoch_runner(
    strategy: tf.distribute.Strategy, model: keras.Model, train: RowSource, validation: RowSource, batch_size: int
) -> RunEpoch:
    """What runs an epoch and returns `loss` and `val_loss`, the same for any number of replicas but for rounding.

    Args:
        strategy: Who takes part; the model was built and compiled in its scope.
        model: A network of `build_network`, compiled with a `global_clipnorm`.
        train: Rows to fit; each worker has all of them at hand and reads its own.
        validation: Rows to judge on, likewise.
        batch_size: Rows of a batch over all replicas.

    Returns:
        A function of the order in which the rows are taken, `[N]` numbers.
    """
    names, judged_order = [tensor.name for tensor in model.inputs], np.arange(len(validation))
    if strategy.num_replicas_in_sync == 1:
        judged = stream_batches(validation, names, batch_size, judged_order)

        def run_alone(order: np.ndarray) -> dict[str, float]:
            batches = stream_batches(train, names, batch_size, order)
            history = model.fit(batches, validation_data=judged, shuffle=False, verbose=0).history
            return {name: float(values[0]) for name, values in history.items()}

        return run_alone
    epochs = DistributedEpochs(strategy, model)

    def run_together(order: np.ndarray) -> dict[str, float]:
        return epochs.run(
            distribute_batches(strategy, train, names, batch_size, order),
            distribute_batches(strategy, validation, names, batch_size, judged_order),
        )

    return run_together
