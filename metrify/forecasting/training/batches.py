"""Streams rows to a network: what is in memory is a few batches, whatever the size of the training set."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from metrify.forecasting.training.rows import RowSource, TrainingRows

_BATCHES_AHEAD = 4


def stream_batches(source: RowSource, names: list[str], batch_size: int, order: np.ndarray) -> tf.data.Dataset:
    """Batches of rows in some order: features by name, targets `[B, H]` and weights `[B]`.

    Args:
        source: Where the rows come from.
        names: The features that the network reads.
        batch_size: Rows of a batch; the last one may have fewer.
        order: `[N]` numbers of the rows. Within a batch they are read in rising order, which suits a disk.
    """
    return stream_rows(source, names, [order[first : first + batch_size] for first in range(0, len(order), batch_size)])


def stream_rows(source: RowSource, names: list[str], batches: Sequence[np.ndarray]) -> tf.data.Dataset:
    """The same for batches that are given by the numbers of their rows; there is one batch at least."""

    def rows_of_batches():  # type: ignore[no-untyped-def]
        for batch in batches:
            rows = source.take(np.sort(batch))
            yield {name: rows.features[name] for name in names}, rows.target_kwh, rows.weights

    signature = _signature(source.take(batches[0][:1]), names)
    stream = tf.data.Dataset.from_generator(rows_of_batches, output_signature=signature)
    stream = stream.apply(tf.data.experimental.assert_cardinality(len(batches))).prefetch(_BATCHES_AHEAD)
    options = tf.data.Options()
    options.autotune.enabled = False  # there is nothing to tune, and an epoch would end by waiting for the tuner's nap
    return stream.with_options(options)


def epoch_order(rows: int, seed: int, epoch: int) -> np.ndarray:
    """The order of the rows in an epoch, `[N]`; a run that is resumed has the same one."""
    return np.random.default_rng([seed, epoch]).permutation(rows)


def _signature(example: TrainingRows, names: list[str]):  # type: ignore[no-untyped-def]
    def spec(values: np.ndarray) -> tf.TensorSpec:
        return tf.TensorSpec((None, *values.shape[1:]), tf.as_dtype(values.dtype))

    return {name: spec(example.features[name]) for name in names}, spec(example.target_kwh), spec(example.weights)
