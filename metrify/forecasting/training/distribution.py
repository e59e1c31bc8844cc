"""Training on several machines or devices: who takes part, and which rows each of them reads."""

import json
import os
from functools import cache

import numpy as np
import tensorflow as tf

from metrify.errors import ConfigError
from metrify.forecasting.training.batches import stream_rows
from metrify.forecasting.training.rows import RowSource

CLUSTER_VARIABLE = "TF_CONFIG"


@cache  # TensorFlow joins a cluster once in the life of a process
def training_strategy() -> tf.distribute.Strategy:
    """How this process trains: with the other workers that TF_CONFIG names, with all GPUs here, or alone.

    It opens the worker's port, so it comes before anything else that TensorFlow does.

    Raises:
        ConfigError: TF_CONFIG is not in TensorFlow's form.
    """
    if count_workers(os.environ.get(CLUSTER_VARIABLE, "")) > 1:
        return tf.distribute.MultiWorkerMirroredStrategy()
    if len(tf.config.list_logical_devices("GPU")) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


def count_workers(cluster: str) -> int:
    """How many workers the text of TF_CONFIG names; 1 where it is empty.

    Raises:
        ConfigError: It is not in TensorFlow's form.

    Example:
        >>> count_workers('{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 0}}')
        2
    """
    if not cluster:
        return 1
    try:
        named = json.loads(cluster)
        workers, index = named["cluster"]["worker"], named["task"]["index"]
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{CLUSTER_VARIABLE} is not in TensorFlow's form: {cluster}.",
            'Write {"cluster": {"worker": ["host:port", ...]}, "task": {"type": "worker", "index": 0}}.',
        ) from error
    if not 0 <= index < len(workers):
        raise ConfigError(
            f"{CLUSTER_VARIABLE} names {len(workers)} workers, and this one is number {index}.", "Count them from 0."
        )
    return len(workers)


def is_chief() -> bool:
    """Whether this process is the one of all workers that writes files: the first, or the only one."""
    cluster = os.environ.get(CLUSTER_VARIABLE, "")
    return count_workers(cluster) == 1 or json.loads(cluster)["task"]["index"] == 0


def distribute_batches(
    strategy: tf.distribute.Strategy, source: RowSource, names: list[str], batch_size: int, order: np.ndarray
) -> tf.distribute.DistributedDataset:
    """Batches of rows for each replica; all replicas together see the batches that one alone would.

    A worker takes none but its own rows from the source.

    Args:
        strategy: Who takes part.
        source: Where the rows come from; each worker has all of them at hand.
        names: The features that the network reads.
        batch_size: Rows of a batch over all replicas; the last one may have fewer.
        order: `[N]` numbers of the rows.

    Returns:
        `(features, targets, weights)` for each batch and replica.
    """
    replicas = strategy.num_replicas_in_sync
    parts = divide_batches(order, batch_size, replicas)

    def of_worker(context: tf.distribute.InputContext) -> tf.data.Dataset:
        own = replicas // context.num_input_pipelines
        first = context.input_pipeline_id * own
        return stream_rows(source, names, [part for batch in parts for part in batch[first : first + own]])

    return strategy.distribute_datasets_from_function(of_worker)


def divide_batches(order: np.ndarray, batch_size: int, replicas: int) -> list[list[np.ndarray]]:
    """The rows of each batch and replica; each batch is divided as evenly as it can be.

    A last batch with fewer rows than replicas is left out, since each replica needs a row of each batch.

    Example:
        >>> divide_batches(np.arange(6), 4, 2)
        [[array([0, 1]), array([2, 3])], [array([4]), array([5])]]
    """
    batches = [order[first : first + batch_size] for first in range(0, len(order), batch_size)]
    return [np.array_split(batch, replicas) for batch in batches if len(batch) >= replicas]
