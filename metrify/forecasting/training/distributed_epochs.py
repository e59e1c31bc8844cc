"""Epochs of a training whose rows are divided among replicas: the same losses and steps as if one had done it alone.

Keras 3.15 can't do this in `fit`: it takes no batch that a `MultiWorkerMirroredStrategy` has divided.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

Step = Callable[[Any], tf.Tensor]


class DistributedEpochs:
    """Runs epochs of a compiled model.

    The gradient of a batch is the sum over its rows on all replicas, clipped as a whole. Each replica then takes the
    same step.

    Args:
        strategy: Who takes part; the model was built and compiled in its scope.
        model: With an optimizer whose `global_clipnorm` is set, and a loss that gives a number a row.
    """

    def __init__(self, strategy: tf.distribute.Strategy, model: keras.Model) -> None:
        self._strategy, self._model = strategy, model
        self._run_training = self._compiled(self._train)
        self._run_validation = self._compiled(self._judge)

    def run(
        self, train: tf.distribute.DistributedDataset, validation: tf.distribute.DistributedDataset
    ) -> dict[str, float]:
        """One epoch over batches of `distribute_batches`; returns `loss` and `val_loss`, as `keras.Model.fit` does."""
        return {"loss": _mean(self._run_training, train), "val_loss": _mean(self._run_validation, validation)}

    def _compiled(self, step: Step) -> Step:
        def run(batch: Any) -> tf.Tensor:
            return self._strategy.reduce("SUM", self._strategy.run(step, args=(batch,)), axis=None)

        return tf.function(run, reduce_retracing=True)

    def _train(self, batch: Any) -> tf.Tensor:
        context = tf.distribute.get_replica_context()
        variables = [variable.value for variable in self._model.trainable_variables]
        with tf.GradientTape() as tape:
            sums = self._sums(batch, training=True)
            loss = sums[0] / context.all_reduce("SUM", sums[1])
        gradients = context.all_reduce("SUM", tape.gradient(loss, variables))
        clipped, _ = tf.clip_by_global_norm(gradients, self._model.optimizer.global_clipnorm)
        # The optimizer adds up what the replicas hand it, and each hands it the whole.
        shares = [gradient / self._strategy.num_replicas_in_sync for gradient in clipped]
        self._model.optimizer.apply(shares, self._model.trainable_variables)
        return sums

    def _judge(self, batch: Any) -> tf.Tensor:
        return self._sums(batch, training=False)

    def _sums(self, batch: Any, training: bool) -> tf.Tensor:
        """Sum of the weighted losses of a replica's rows, and their number, `[2]`."""
        features, targets, weights = batch
        losses = self._model.loss(targets, self._model(features, training=training))
        return tf.stack([tf.reduce_sum(losses * weights), tf.cast(tf.shape(weights)[0], losses.dtype)])


def _mean(step: Step, batches: tf.distribute.DistributedDataset) -> float:
    total = tf.zeros(2)
    for batch in batches:
        total += step(batch)
    return float(total[0] / total[1])
