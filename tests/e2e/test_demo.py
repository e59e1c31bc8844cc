"""What the demo shows, what it leaves, and what one does with its home afterwards.

One file, so that one worker runs it all: the demo is run once.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import processes_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def test_the_models_beat_both_baselines(demo) -> None:
    best_baseline = min(demo.figures["demo.wape.seasonal_naive"], demo.figures["demo.wape.persistence"])
    assert demo.figures["demo.wape.lstm"] < best_baseline
    assert demo.figures["demo.wape.gru"] < best_baseline


def test_both_protocols_agree(demo) -> None:
    assert 0 <= demo.figures["demo.rest_grpc_max_diff"] < 1e-4


def test_raising_the_canary_moves_only_new_meters(demo) -> None:
    assert demo.figures["demo.moved_at_20"] > 0
    assert demo.figures["demo.moved_at_50"] > 0
    assert demo.figures["demo.moved_back"] == 0


def test_only_the_changed_population_is_drift(demo) -> None:
    assert demo.figures["demo.drift_p.shifted"] < 0.05 <= demo.figures["demo.drift_p.unshifted"]


def test_the_page_needs_no_network_and_names_no_meter_number(demo) -> None:
    page = Path(demo.answer["page"]).read_text(encoding="utf-8")
    assert "<script src" not in page and "<link" not in page
    assert page.count("vegaEmbed(") >= 5
    assert "distinct profiles" in page
    assert not any(number in page for number in demo.readings["MPAN"].unique())


def test_no_process_of_the_demo_is_alive(demo) -> None:
    assert not processes_of(demo.home)


def test_a_second_run_reuses_what_is_valid(demo) -> None:
    again = demo.metrify("demo", "--config", str(demo.config), "--json")
    assert again.returncode == 0, again.stderr
    figures = {row["name"]: row["value"] for row in json.loads(again.stdout)["rows"]}
    assert figures["demo.reused_steps"] == 12  # six steps of each training
    assert "steps reused a result that was there already" in again.stderr
    for name in ("demo.wape.lstm", "demo.wape.gru", "demo.moved_at_20", "demo.drift_p.shifted"):
        assert figures[name] == demo.figures[name], name


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


def test_a_running_service_follows_the_rollout(demo, server, wait_until) -> None:
    meters = meters_of(demo)

    def forecast() -> list[dict]:
        return json.loads(demo.metrify("forecast", *meters, "--url", server.url, "--json").stdout)["forecasts"]

    by_number = forecast()
    assert {row["variant"] for row in by_number} >= {"control"}
    over_grpc = json.loads(demo.metrify("forecast", *meters, "--grpc", server.grpc, "--json").stdout)["forecasts"]
    assert [row["variant"] for row in over_grpc] == [row["variant"] for row in by_number]
    assert demo.metrify("rollout", "set", "100").returncode == 0
    wait_until(lambda: all(row["variant"].startswith("gru-") for row in forecast()))
    assert demo.metrify("rollout", "set", "50").returncode == 0


def test_an_unknown_meter_is_refused_by_name(demo, server) -> None:
    known = meters_of(demo)[0]
    refused = demo.metrify("forecast", known, "nobody", "--url", server.url)
    assert refused.returncode == 1
    assert "nobody" in refused.stderr and known not in refused.stderr
    partial = demo.metrify("forecast", known, "nobody", "--partial", "--url", server.url)
    assert partial.returncode == 0
    assert known in partial.stdout and "nobody" in partial.stderr


def test_a_change_that_cannot_be_served_is_told_and_what_is_served_stays(demo, server, wait_until) -> None:
    service = demo.home / "services" / "load-forecaster.yaml"
    before = service.read_text()
    other_control = before.replace("/lstm-", "/other-", 1)
    for text, told in (("spec: [", "is not YAML"), (other_control, "another bundle")):
        service.write_text(text)
        wait_until(lambda told=told: told in server.log.read_text())
        assert demo.metrify("forecast", meters_of(demo)[0], "--url", server.url).returncode == 0
    service.write_text(before)


def test_a_killed_predictor_ends_the_service_with_one_line(server) -> None:
    process = server.process
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    predictors = [
        pid for pid in children if b"inference_services.predictor" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    os.kill(int(predictors[0]), signal.SIGKILL)
    assert process.wait(30) == 1
    last = server.log.read_text().splitlines()[-1]
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
