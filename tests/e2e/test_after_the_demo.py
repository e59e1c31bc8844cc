"""What one does with the demo's home: doctor, serve, forecast, rollout, and what can go wrong with them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def server(demo, tmp_path: Path) -> Iterator[tuple[subprocess.Popen, str, str]]:
    """`metrify serve` on free ports: the process and both addresses."""
    environment = {**os.environ, "METRIFY_HOME": str(demo.home)}
    command = [sys.executable, "-m", "metrify", "serve", "--port", "0", "--grpc-port", "0"]
    with (tmp_path / "stderr").open("w") as stderr:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True)
    assert process.stdout is not None
    url, grpc = (process.stdout.readline().split()[1] for _ in range(2))
    yield process, url, grpc
    if process.poll() is None:
        process.terminate()
    process.wait(20)
    process.stdout.close()


def meters_of(demo) -> list[str]:
    return sorted(demo.readings["MPAN"].unique())


def test_doctor_answers_the_three_questions(demo) -> None:
    done = demo.metrify("doctor", "--json")
    assert done.returncode == 0, done.stderr
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert all(check["ok"] for check in checks.values())
    assert "ONNX, version lstm-" in checks["model loading"]["found"]
    assert "40 meters" in checks["feature store"]["found"]
    assert "50 %" in checks["A/B routing"]["found"]


def test_doctor_names_the_mend_on_a_fresh_machine(demo, tmp_path: Path) -> None:
    environment = {**os.environ, "METRIFY_HOME": str(tmp_path / "fresh")}
    command = [sys.executable, "-m", "metrify", "doctor"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "metrify train" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_running_service_follows_the_rollout(demo, server) -> None:
    _, url, grpc = server
    meters = meters_of(demo)
    by_number = json.loads(demo.metrify("forecast", *meters, "--url", url, "--json").stdout)["forecasts"]
    assert {row["variant"] for row in by_number} >= {"control"}
    over_grpc = json.loads(demo.metrify("forecast", *meters, "--grpc", grpc, "--json").stdout)["forecasts"]
    assert [row["variant"] for row in over_grpc] == [row["variant"] for row in by_number]
    assert demo.metrify("rollout", "set", "100").returncode == 0
    time.sleep(2)
    moved = json.loads(demo.metrify("forecast", *meters, "--url", url, "--json").stdout)["forecasts"]
    assert len({row["variant"] for row in moved}) == 1 and moved[0]["variant"].startswith("gru-")
    assert demo.metrify("rollout", "set", "50").returncode == 0


def test_an_unknown_meter_is_refused_by_name(demo, server) -> None:
    _, url, _ = server
    known = meters_of(demo)[0]
    refused = demo.metrify("forecast", known, "nobody", "--url", url)
    assert refused.returncode == 1
    assert "nobody" in refused.stderr and known not in refused.stderr
    partial = demo.metrify("forecast", known, "nobody", "--partial", "--url", url)
    assert partial.returncode == 0
    assert known in partial.stdout and "nobody" in partial.stderr


def test_a_killed_predictor_ends_the_service_with_one_line(demo, server, tmp_path: Path) -> None:
    process, _, _ = server
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    predictors = [
        pid for pid in children if b"inference_services.predictor" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    os.kill(int(predictors[0]), signal.SIGKILL)
    assert process.wait(30) == 1
    last = (tmp_path / "stderr").read_text().splitlines()[-1]
    assert last.startswith("error: predictor-") and "SIGKILL" in last
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)


def test_a_used_port_is_named(demo) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = demo.metrify("serve", "--port", port)
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert port in refused.stderr and "--port" in refused.stderr


def test_bad_rollouts_change_nothing(demo) -> None:
    service = demo.home / "services" / "load-forecaster.yaml"
    before = service.read_bytes()
    canary = json.loads(demo.metrify("rollout", "status", "--json").stdout)["split"][1]["bundle"]
    for arguments, code in ((("set", "0"), 2), (("set", "101"), 2), (("start", canary), 2), (("start", "none"), 1)):
        done = demo.metrify("rollout", *arguments)
        assert done.returncode == code, (arguments, done.stderr)
        assert done.stderr.startswith("error: ") and "Traceback" not in done.stderr
    assert service.read_bytes() == before


def test_a_missing_dataset_leaves_nothing(demo) -> None:
    bundles = sorted((demo.home / "bundles" / "load-forecaster").iterdir())
    done = demo.metrify("train", "--dataset", "nowhere")
    assert done.returncode == 1
    assert "There is no dataset 'nowhere'" in done.stderr and "metrify data import" in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted((demo.home / "bundles" / "load-forecaster").iterdir()) == bundles
