"""A local service follows its manifest and its configuration, and ends with the process that started it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

STARTER = """
import sys, time
from pathlib import Path
from inference_services.local.run_manifest import LocalService

manifest, folder, key, reader, config = sys.argv[1:]
service = LocalService(Path(manifest), Path(folder), Path(key), 0, 0, reader, Path(config))
service.start()
print(service.url, flush=True)
for line in sys.stdin:
    service.refresh()
    print(*service.predictors, service.transformer.pid, *[p.pid for p in service.predictors.values()], flush=True)
"""


def variants(url: str) -> set[str]:
    meters = [f"meter-{row:03d}" for row in range(60)]
    body = {"inputs": [{"name": "meter_id", "shape": [60], "datatype": "BYTES", "data": meters}]}
    reply = httpx.post(f"{url}/v2/models/load-forecaster/infer", json=body, timeout=20, trust_env=False)
    outputs = {item["name"]: item["data"] for item in reply.raise_for_status().json()["outputs"]}
    return set(outputs["variant"])


def is_alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def test_it_follows_the_manifest_and_ends_with_its_starter(world, tmp_path: Path, wait_until):
    manifest = world.write_manifest(tmp_path / "isvc.yaml")
    config = tmp_path / "ml_config.yaml"
    config.write_text("serving: {enable_metrics: false}")
    arguments = [str(item) for item in (manifest, tmp_path / "logs", world.key, world.reader, config)]
    command = [sys.executable, "-c", STARTER, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdin is not None and starter.stdout is not None
        url = starter.stdout.readline().strip()
        assert variants(url) == {"control"}
        assert httpx.get(f"{url}/metrics", trust_env=False).status_code == 404
        world.write_manifest(manifest, 50)
        time.sleep(0.7)  # longer than the transformer needs to see the change
        assert variants(url) == {"control"}  # its predictor is not started yet
        starter.stdin.write("refresh\n")
        starter.stdin.flush()
        pids = [int(word) for word in starter.stdout.readline().split() if word.isdigit()]
        wait_until(lambda: variants(url) == {"control", "next"})
        os.kill(starter.pid, signal.SIGKILL)
    assert len(pids) == 3
    wait_until(lambda: not any(map(is_alive, pids)))
