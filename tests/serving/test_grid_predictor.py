"""What the predictor of a feeder takes, and that it answers what the library plans."""

import asyncio
import json

import numpy as np
import pytest
from kserve.protocol.infer_type import InferInput, InferRequest, InferResponse
from kserve.utils.numpy_codec import from_np_dtype
from prometheus_client import CollectorRegistry

from inference_services.predictor.grid_model import GridPredictor
from metrify.bundles.load import Bundle, load_bundle
from metrify.bundles.manifest import OPTIMIZER_NAME
from metrify.bundles.signature import PUBLIC_KEY_FILE, load_public_key
from metrify.errors import InvalidRequestError, PowerFlowError
from metrify.grid.bundled_feeder import read_bundled_feeder
from metrify.grid.bundled_planner import BundledPlanner
from metrify.grid.expected_hours import ExpectedHours
from metrify.grid.plan_values import set_in_kw
from metrify.grid.state import State

from ..grid_bundle import write_grid_bundle
from ..unit.grid.made_up_feeder import ZONE, make_up_feeder

HOURS, START = 24, np.datetime64("2016-01-04T23:00", "s")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("grid")
    write_grid_bundle(folder, "one", make_up_feeder(20.0), ZONE, folder / "keys")
    return load_bundle(folder / "one", load_public_key(folder / "keys" / PUBLIC_KEY_FILE))


@pytest.fixture(scope="module")
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture(scope="module")
def predictor(bundle: Bundle, registry: CollectorRegistry) -> GridPredictor:
    return GridPredictor(OPTIMIZER_NAME, bundle, registry)


def two_rows(**changes: np.ndarray) -> dict[str, np.ndarray]:
    """The second row has no forecast, and begins with a half full battery."""
    load = 40 + 20 * np.sin(np.arange(HOURS) / 4).astype(np.float32)
    sun = np.where(np.abs(np.arange(HOURS) - 12) < 3, 30, 0).astype(np.float32)
    return {
        "load_kw": np.tile(load, (2, 1, 1)),
        "pv_kw": np.tile(sun, (2, 1, 1)),
        "start": np.full(2, START.astype(np.int64)),
        "is_known": np.array([True, False]),
        "stored_kwh": np.float32([[0], [50]]),
        "peak_kw": np.float32([0, 10]),
        "tap_position": np.zeros(2, np.int32),
        **changes,
    }


def ask(predictor: GridPredictor, values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    inputs = [InferInput(name, list(array.shape), from_np_dtype(array.dtype), array) for name, array in values.items()]
    request = InferRequest.from_grpc(InferRequest(OPTIMIZER_NAME, inputs).to_grpc())
    answer = InferResponse.from_grpc(asyncio.run(predictor.predict(request)).to_grpc())
    assert answer.parameters["model_version"].string_param == "one"
    return {output.name: output.as_numpy() for output in answer.outputs}


def test_it_answers_what_the_library_plans(predictor, bundle, registry) -> None:
    values, bundled = two_rows(), read_bundled_feeder(bundle)
    answer = ask(predictor, values)
    assert {name: array.shape[1:] for name, array in answer.items() if array.ndim > 1} == {
        "setpoints_kw": (3, HOURS),
        "pv_kvar": (1, HOURS),
        "tap_position": (HOURS,),
    }
    assert answer["controller"].tolist() == [b"model_predictive", b"self_consumption"]
    planner = BundledPlanner(bundled)
    for row, reason in enumerate(("", "none")):
        state = State(values["stored_kwh"][row].astype(float), np.zeros(1), 0)
        expected = ExpectedHours(START, values["load_kw"][row].T, values["pv_kw"][row].T)
        profiles, peak_kw = expected.profiles(bundled.kvar_per_kw), float(values["peak_kw"][row])
        plan = planner.plan(profiles, state, peak_kw, degraded_reason=reason).plan
        in_kw = set_in_kw(bundled.feeder, plan.setpoints)
        found = [in_kw[name] for name in bundled.elements]
        np.testing.assert_allclose(answer["setpoints_kw"][row], found, rtol=1e-6, atol=1e-6)
        assert answer["saving_eur"][row] == pytest.approx(plan.saving_eur, rel=1e-6)
        told = json.loads(answer["reasons"][row])
        assert [action["reason"] for action in told["actions"]] == [action.reason for action in plan.actions]
        assert len(told["binding"]) == len(plan.binding)
    assert registry.get_sample_value("metrify_grid_decision_seconds_count") == 2 * HOURS


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"load_kw": np.zeros((2, 2, HOURS), np.float32)}, r"Send \[-1, 1, -1\]"),
        ({"pv_kw": np.zeros((2, 1, 3), np.float32)}, "24 and 3 hours"),
        ({"load_kw": np.full((2, 1, HOURS), np.nan, np.float32)}, "load_kw has values that are no power"),
        ({"stored_kwh": np.float32([[0], [101]])}, "stored_kwh of the battery battery is 101. Send 0 to 100"),
        ({"stored_kwh": np.float32([[0]])}, "different numbers of rows"),
        ({"peak_kw": np.float32([0, np.nan])}, "peak_kw is nan"),
        ({"tap_position": np.int32([0, 4])}, "tap_position is 4. Send 0 to 0"),
        ({"start": np.float32([0, 0])}, "Send INT64"),
    ],
)
def test_what_is_not_possible_is_refused_by_name(predictor, changes: dict[str, np.ndarray], told: str) -> None:
    with pytest.raises(InvalidRequestError, match=told):
        ask(predictor, two_rows(**changes))


def test_a_net_that_does_not_converge_is_told(predictor) -> None:
    with pytest.raises(PowerFlowError) as refused:
        ask(predictor, two_rows(load_kw=np.full((2, 1, HOURS), 1e5, np.float32)))
    assert refused.value.status_code == 422
