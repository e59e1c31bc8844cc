"""What clients are answered, over both protocols."""

import json

import grpc
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from inference_services.client import ForecastClient
from inference_services.transformer.grid.forecaster import MeterForecaster
from metrify.cli.forecast import forecast
from metrify.errors import InvalidRequestError, ServiceError, UsageError

MEDIAN = 2
NEW = {"meter_id": "new", "history_days": 3.0, "reason": "3 days of history"}
GAPPY = {"meter_id": "gappy", "history_days": 28.0, "reason": "1 of 672 readings were filled"}


def names(count):
    return [f"meter-{row:03d}" for row in range(count)]


def test_both_protocols_agree_with_the_model(ask_rest, ask_grpc, world):
    rest, wire = ask_rest(names(40)), ask_grpc(names(40))
    np.testing.assert_array_equal(rest.outputs["quantiles_kwh"].astype(np.float32), wire.outputs["quantiles_kwh"])
    scale = np.where(wire.outputs["variant"] == b"control", 1, 10)[:, None]
    np.testing.assert_allclose(wire.outputs["point_kwh"], world.windows[:40, -24:] * scale, rtol=1e-5)
    versions = np.where(wire.outputs["variant"] == b"control", b"one", b"two")
    assert wire.outputs["model_version"].tolist() == versions.tolist()
    assert [name.decode() for name in wire.outputs["meter_id"]] == names(40)
    assert not wire.outputs["degraded"].any()
    assert (wire.outputs["feature_age_seconds"] > 0).all()


def test_an_unknown_meter_is_404_by_name(rest, ask_grpc):
    reply = rest(["meter-000", "nobody"])
    assert reply.status_code == 404
    assert reply.json()["meters"] == ["nobody"]
    with pytest.raises(grpc.RpcError) as refused:
        ask_grpc(["nobody"])
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    assert "nobody" in refused.value.details()


REASONS = {
    "empty": "337 of 672 readings are missing",
    "away": "13 of the last 24 readings are missing",
    "short": "2 readings up to the origin, at least 24 are needed",
    "silent": "0 readings up to the origin, at least 24 are needed",
    "idle": "its 48 readings are all 0",
}


@pytest.mark.parametrize("meter", REASONS)
def test_too_little_history_is_422_with_the_reason(rest, ask_grpc, meter):
    reply = rest([meter])
    assert (reply.status_code, reply.json()["meters"]) == (422, [meter])
    assert f"{meter} ({REASONS[meter]}" in reply.json()["error"]
    with pytest.raises(grpc.RpcError) as refused:
        ask_grpc([meter])
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert REASONS[meter] in refused.value.details()


def test_a_new_meter_is_answered_and_marked(ask_rest, ask_grpc, world):
    for ask in (ask_rest, ask_grpc):
        answer = ask(["meter-000", "new"])
        assert answer.outputs["degraded"].tolist() == [False, True]
        assert json.loads(answer.parameters["degraded_reasons"]) == [NEW]
        scale = 1 if answer.outputs["variant"][1] in ("control", b"control") else 10
        np.testing.assert_allclose(answer.outputs["point_kwh"][1], world.windows[1, -24:] * scale, rtol=1e-5)
    assert ask_rest(["new"]).outputs["degraded"].tolist() == [True]  # none is left for the drift check
    assert "degraded_reasons" not in ask_rest(["meter-000"]).parameters


def test_a_meter_with_a_gap_is_answered_and_marked(ask_rest, ask_grpc, world):
    expected = world.windows[0, -24:].copy()
    expected[-5] = world.windows[0, 19:-24:24].mean(dtype=np.float64)  # of the same time on the other days
    for ask in (ask_rest, ask_grpc):
        answer = ask(["gappy", "meter-000"])
        assert answer.outputs["degraded"].tolist() == [True, False]
        assert json.loads(answer.parameters["degraded_reasons"]) == [GAPPY]
        scale = 1 if answer.outputs["variant"][0] in ("control", b"control") else 10
        np.testing.assert_allclose(answer.outputs["point_kwh"][0], expected * scale, rtol=1e-5)


def test_the_client_tells_who_is_new_and_who_has_gaps(service):
    client = ForecastClient(service.url, service.grpc_address)
    meters = ["new", "meter-000", "gappy"]
    for answer in (client.over_rest(meters), client.over_grpc(meters)):
        assert answer.degraded == [True, False, True]
        assert answer.degraded_reasons == [NEW, GAPPY]


def test_the_command_says_the_same(service):
    app = typer.Typer()
    app.command()(forecast)
    for address in (["--url", service.url], ["--grpc", service.grpc_address]):
        meters = ["new", "meter-000", "gappy"]
        lines = CliRunner().invoke(app, [*meters, *address])
        degraded = "new  degraded: 3 days of history\ngappy  degraded: 1 of 672 readings were filled\n"
        assert (lines.exit_code, lines.stderr) == (0, degraded)
        told = json.loads(CliRunner().invoke(app, [*meters, *address, "--json"]).stdout)
        assert [row["degraded"] for row in told["forecasts"]] == [True, False, True]
        assert told["degraded_reasons"] == [NEW, GAPPY]


def test_partial_answers_the_others(ask_rest, ask_grpc):
    for ask in (ask_rest, ask_grpc):
        answer = ask(["nobody", "meter-001", *REASONS], partial=True)
        assert answer.outputs["quantiles_kwh"].shape == (1, 24, 5)
        refused = {item["meter_id"]: item["reason"] for item in json.loads(answer.parameters["refused"])}
        assert refused.keys() == {"nobody", *REASONS}
        assert all(refused[meter].startswith(f"insufficient history: {why}") for meter, why in REASONS.items())


def test_a_shorter_horizon_is_the_beginning_and_a_longer_one_is_400(rest, ask_rest, ask_grpc):
    for ask in (ask_rest, ask_grpc):
        short, whole = ask(["meter-000"], horizon=6), ask(["meter-000"])
        assert short.outputs["quantiles_kwh"].shape == (1, 6, 5)
        np.testing.assert_array_equal(short.outputs["point_kwh"], whole.outputs["point_kwh"][:, :6])
    for horizon, problem in (
        (25, "25 intervals is asked for, and one forecasts 1 to 24"),
        ("soon", "horizon"),
        (0, "0"),
    ):
        reply = rest(["meter-000"], horizon=horizon)
        assert reply.status_code == 400
        assert problem in reply.json()["error"]


def test_a_wrong_input_is_400_by_name(rest):
    reply = rest(["meter-000"], name="meter")
    assert reply.status_code == 400
    assert "meter_id" in reply.json()["error"]
    assert "Traceback" not in reply.text


def test_forecasts_of_a_feeder_begin_together_and_tell_what_they_lack(service):
    forecaster = MeterForecaster(f"grpc://{service.grpc_address}", 20)
    with pytest.raises(ServiceError, match="from 2024-03-01T00:00:00Z, 2024-03-02T00:00:00Z"):
        forecaster.forecast(["meter-000", "shifted-000"])
    found = forecaster.forecast(["meter-000", "gappy"])
    assert found.faults == "the forecasts of 1 of 2 elements are degraded, such as gappy: 1 of 672 readings were filled"
    other = MeterForecaster(service.url, 20).forecast(["meter-000", "gappy"])
    np.testing.assert_array_equal(found.kwh, other.kwh)
    with pytest.raises(InvalidRequestError, match="nobody"):
        forecaster.forecast(["meter-000", "nobody"])
    with pytest.raises(UsageError, match="localhost:8001 is no address"):
        MeterForecaster("localhost:8001", 20)
