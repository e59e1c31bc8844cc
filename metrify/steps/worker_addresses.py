"""Tells TensorFlow who trains together, from what the pods of a TrainJob know of themselves."""

import json
from collections.abc import MutableMapping

from metrify.errors import ConfigError

CLUSTER_VARIABLE = "TF_CONFIG"  # TensorFlow's own
JOB_VARIABLE = "METRIFY_TRAIN_JOB"  # name of the TrainJob, whose pods are <job>-node-0-<number>.<job>
WORKERS_VARIABLE = "METRIFY_WORKERS"
NUMBER_VARIABLE = "JOB_COMPLETION_INDEX"  # Kubernetes sets it in the pods of an indexed job
_PORT = 2222


def join_workers(environment: MutableMapping[str, str]) -> None:
    """Sets TF_CONFIG where METRIFY_WORKERS asks for several workers and TF_CONFIG is not set already.

    Args:
        environment: Variables of the process.

    Raises:
        ConfigError: A variable is missing or no number.

    Example:
        >>> pod = {"METRIFY_WORKERS": "2", "METRIFY_TRAIN_JOB": "night", "JOB_COMPLETION_INDEX": "1"}
        >>> join_workers(pod)
        >>> json.loads(pod["TF_CONFIG"])["cluster"]["worker"]
        ['night-node-0-0.night:2222', 'night-node-0-1.night:2222']
    """
    workers = environment.get(WORKERS_VARIABLE, "1")
    if CLUSTER_VARIABLE in environment or workers == "1":
        return
    try:
        count, number, job = int(workers), int(environment[NUMBER_VARIABLE]), environment[JOB_VARIABLE]
    except (KeyError, ValueError) as error:
        raise ConfigError(
            f"{WORKERS_VARIABLE} is {workers!r}, and {JOB_VARIABLE} or {NUMBER_VARIABLE} does not fit: {error}.",
            "Start the workers with manifests/examples/workers.",
        ) from error
    addresses = [f"{job}-node-0-{index}.{job}:{_PORT}" for index in range(count)]
    cluster = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": number}}
    environment[CLUSTER_VARIABLE] = json.dumps(cluster)
