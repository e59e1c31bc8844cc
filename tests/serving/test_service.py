"""The service as a whole: split, drift, older API, failures and its end."""

import os
import signal
import socket
import time
from pathlib import Path

import httpx
import pytest

from inference_services.local.run_manifest import LocalService
from metrify.errors import PortInUseError, ServiceError

METERS = [f"meter-{row:03d}" for row in range(60)]


def canary_meters(answer):
    return {m for m, v in zip(METERS, answer.outputs["variant"].tolist(), strict=True) if v == "next"}


def wait_for_day(ask, meters, day):
    for _ in range(100):
        parameters = ask(meters).parameters
        if parameters["drift"] != "collecting" and parameters["drift_day"] == day:
            return parameters
        time.sleep(0.2)
    raise AssertionError(parameters)


def test_the_split_is_sticky(ask_rest, world):
    before = canary_meters(ask_rest(METERS))
    assert 0 < len(before) < 30
    world.write_manifest(world.folder / "isvc.yaml", 50)
    time.sleep(0.7)
    after = canary_meters(ask_rest(METERS))
    assert before < after


def test_drift_is_found_where_it_is(ask_rest, service):
    calm = wait_for_day(ask_rest, [*METERS, "gappy", "torn", "new"], "2024-03-01")
    assert calm["drift"] == "none"
    metrics = httpx.get(f"{service.url}/metrics", trust_env=False).text
    assert f"metrify_drift_sample_rows {len(METERS) + 1:.1f}" in metrics  # one of those with gaps has few
    shifted = [meter.replace("meter", "shifted") for meter in METERS]
    assert wait_for_day(ask_rest, shifted, "2024-03-02")["drift"] == "detected"
    metrics = httpx.get(f"{service.url}/metrics", trust_env=False).text
    assert "metrify_drift_detected 1.0" in metrics
    assert 'metrify_drift_p_value{feature="change_log_mean"}' in metrics


def test_the_older_api_still_answers(service):
    with httpx.Client(base_url=service.url, trust_env=False) as client:
        assert client.get("/health").json()["status"] == "healthy"
        assert client.get("/model/info").json()["version"] == "one"
        body = {"data": {"meter_id": ["meter-000"]}, "model_name": "load-forecaster"}
        answer = client.post("/predict", json=body).json()
        assert len(answer["predictions"][0]) == 24
        assert (answer["degraded"], answer["degraded_reasons"]) == ([False], [])
        degraded = client.post("/predict", json={"data": {"meter_id": ["meter-000", "gappy"]}}).json()
        assert degraded["degraded"] == [False, True]
        reason = "1 of 672 readings were filled"
        assert degraded["degraded_reasons"] == [{"meter_id": "gappy", "history_days": 28.0, "reason": reason}]
        assert client.post("/predict/batch", json=[body, body]).json() == [answer, answer]
        assert client.post("/predict", json={**body, "model_name": "other"}).status_code == 404


def test_a_used_port_is_named(world, tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        service = LocalService(world.folder / "isvc.yaml", tmp_path, world.key, port, 0, world.reader)
        with pytest.raises(PortInUseError, match=str(port)):
            service.start()


def test_a_tampered_bundle_is_refused_in_one_line(world, tmp_path: Path):
    control = world.folder / "tampered"
    control.mkdir()
    for file in (world.folder / "one").iterdir():
        (control / file.name).write_bytes(file.read_bytes() + (b" " if file.name == "model.onnx" else b""))
    manifest = world.write_manifest(tmp_path / "isvc.yaml", bundle="tampered")
    service = LocalService(manifest, tmp_path, world.key, 0, 0, world.reader)
    with pytest.raises(ServiceError, match="changed after it was signed"):
        service.start()
    assert "Traceback" not in (tmp_path / "predictor-control.log").read_text()


# The last one, because it ends the service.
def test_a_dead_predictor_is_503_and_nothing_is_left(rest, service, world):
    pids = [process.pid for process in (service.transformer, *service.predictors.values())]
    os.kill(service.predictors["control"].pid, signal.SIGKILL)
    time.sleep(0.3)
    reply = rest(METERS)
    assert reply.status_code == 503
    assert "control" in reply.json()["error"]
    world.write_manifest(world.folder / "isvc.yaml")
    service.close()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
