"""Several workers on this machine come to what one alone comes to."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from metrify.errors import ConfigError
from metrify.forecasting.training.distribution import CLUSTER_VARIABLE, count_workers, divide_batches

PROGRAM = Path(__file__).with_name("train_on_worker.py")
WAIT_SECONDS = 500


def free_addresses(count: int) -> list[str]:
    sockets = [socket.socket() for _ in range(count)]
    for held in sockets:
        held.bind(("127.0.0.1", 0))
    addresses = [f"127.0.0.1:{held.getsockname()[1]}" for held in sockets]
    for held in sockets:
        held.close()
    return addresses


def start(output: Path, cluster: str) -> subprocess.Popen:
    environment = {**os.environ, CLUSTER_VARIABLE: cluster, "CUDA_VISIBLE_DEVICES": "-1"}
    return subprocess.Popen([sys.executable, str(PROGRAM), str(output)], env=environment, stderr=subprocess.PIPE)


@pytest.mark.distributed
@pytest.mark.timeout(600)
def test_two_workers_come_to_the_losses_and_weights_of_one(tmp_path: Path) -> None:
    workers = free_addresses(2)
    clusters = ["", *(_cluster(workers, index) for index in range(2))]
    outputs = [tmp_path / f"{name}.json" for name in ("alone", "first", "second")]
    processes = [start(output, cluster) for output, cluster in zip(outputs, clusters, strict=True)]
    try:
        for process in processes:
            _, errors = process.communicate(timeout=WAIT_SECONDS)
            assert process.returncode == 0, errors.decode()[-2000:]
    finally:
        for process in processes:
            process.kill()
    alone, *both = (json.loads(output.read_text(encoding="utf-8")) for output in outputs)
    assert alone["replicas"] == 1
    assert [worker["replicas"] for worker in both] == [2, 2]
    assert [worker["chief"] for worker in both] == [True, False]
    assert both[0]["weights"] == both[1]["weights"]
    for worker in both:
        for ours, theirs in zip(worker["curve"], alone["curve"], strict=True):
            assert ours == pytest.approx(theirs, rel=5e-4)
        # Adam divides by the gradient's size: where that is mere rounding, steps differ, as those of some biases do.
        np.testing.assert_allclose(worker["weights"], alone["weights"], rtol=0.02)
    assert alone["curve"][1]["loss"] < alone["curve"][0]["loss"]


def test_each_batch_is_divided_among_the_replicas() -> None:
    order = np.random.default_rng(0).permutation(22)
    batches = divide_batches(order, 8, 3)
    assert [[len(part) for part in batch] for batch in batches] == [[3, 3, 2], [3, 3, 2], [2, 2, 2]]
    np.testing.assert_array_equal(np.concatenate([part for batch in batches for part in batch]), order)


def test_a_last_batch_that_is_too_small_is_left_out() -> None:
    assert len(divide_batches(np.arange(10), 8, 3)) == 1


@pytest.mark.parametrize("cluster", ["no JSON", "{}", "[]", '{"cluster": {"worker": ["a:1"]}, "task": {"index": 1}}'])
def test_a_cluster_in_another_form_is_refused(cluster: str) -> None:
    with pytest.raises(ConfigError, match=CLUSTER_VARIABLE):
        count_workers(cluster)


def _cluster(workers: list[str], index: int) -> str:
    return json.dumps({"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}})
