"""What clients are answered, over both protocols."""

import grpc
import numpy as np
import pytest

MEDIAN = 2


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


@pytest.mark.parametrize("meter", ["gappy", "short"])
def test_a_window_that_is_not_full_is_422(rest, ask_grpc, meter):
    reply = rest([meter])
    assert (reply.status_code, reply.json()["meters"]) == (422, [meter])
    with pytest.raises(grpc.RpcError) as refused:
        ask_grpc([meter])
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION


def test_partial_answers_the_others(ask_rest, ask_grpc):
    for ask in (ask_rest, ask_grpc):
        answer = ask(["nobody", "meter-001", "gappy"], partial=True)
        assert answer.outputs["quantiles_kwh"].shape == (1, 24, 5)
        assert "nobody" in answer.parameters["refused"]
        assert "gappy" in answer.parameters["refused"]


def test_a_wrong_input_is_400_by_name(rest):
    reply = rest(["meter-000"], name="meter")
    assert reply.status_code == 400
    assert "meter_id" in reply.json()["error"]
    assert "Traceback" not in reply.text
