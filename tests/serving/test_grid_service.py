"""A running controller of a feeder beside its load-forecaster: both faces, what is missing, and who is refused."""

import datetime
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from typer.testing import CliRunner

from inference_services.client import ForecastClient
from inference_services.grid_client import FeederPlans, FeederStart, GridClient
from inference_services.local.run_manifest import LocalService
from metrify.adapters.feature_repository import CONNECTION_VARIABLE, STORE_VARIABLE
from metrify.adapters.redis_address import REDIS_VARIABLE
from metrify.bundles.load import load_bundle
from metrify.bundles.manifest import FORECASTER_NAME, OPTIMIZER_NAME
from metrify.bundles.signature import PUBLIC_KEY_FILE, load_public_key
from metrify.cli.main import app
from metrify.config import Home
from metrify.config.home import HOME_VARIABLE
from metrify.errors import InvalidRequestError, ServiceError
from metrify.forecasting.expected_load import integrate_quantiles
from metrify.grid.bundled_feeder import read_bundled_feeder
from metrify.grid.bundled_planner import BundledPlanner, TimedPlan
from metrify.grid.expected_hours import expect_hours
from metrify.grid.plan_values import set_in_kw
from metrify.grid.state import State
from metrify.steps.expect_feeder import expected_profiles

from .grid_home import NAME, GridHome, make_grid_home

DAY = 24
NOBODY = "http://127.0.0.1:9"  # where no forecaster listens


@pytest.fixture(scope="module")
def made(world, with_known_pseudonyms, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GridHome]:
    home = with_known_pseudonyms(Home(tmp_path_factory.mktemp("grid") / "home"))
    environment = {HOME_VARIABLE: str(home.root), REDIS_VARIABLE: "", STORE_VARIABLE: "", CONNECTION_VARIABLE: ""}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        yield make_grid_home(home, world.folder / "one", world.key)


@pytest.fixture(scope="module")
def forecaster(made: GridHome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    with made.service(FORECASTER_NAME, tmp_path_factory.mktemp("logs")) as running:
        yield running


@pytest.fixture(scope="module")
def service(
    made: GridHome, forecaster: LocalService, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalService]:
    address = f"grpc://{forecaster.grpc_address}"
    with made.service(OPTIMIZER_NAME, tmp_path_factory.mktemp("logs"), load_forecaster=address) as running:
        yield running


@pytest.fixture(scope="module")
def lonely(made: GridHome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    """No forecaster listens where it looks for one."""
    with made.service(OPTIMIZER_NAME, tmp_path_factory.mktemp("logs"), load_forecaster=NOBODY) as running:
        yield running


@pytest.fixture(params=["rest", "grpc"])
def ask(service: LocalService, request: pytest.FixtureRequest) -> Callable[..., FeederPlans]:
    return getattr(GridClient(service.url, service.grpc_address), f"over_{request.param}")


def forecast_by(forecaster: LocalService, made: GridHome) -> np.ndarray:
    forecasts = ForecastClient(forecaster.url, forecaster.grpc_address).over_rest(made.meters)
    assert forecasts.levels == (0.05, 0.25, 0.5, 0.75, 0.95)
    return integrate_quantiles(forecasts.levels).of(forecasts.quantiles_kwh)


def plan_by_library(
    made: GridHome, kwh: np.ndarray, version: str, stored_kwh: float = 0.0, peak_kw: float = 0.0, reason: str = ""
) -> TimedPlan:
    key = load_public_key(made.home.keys / PUBLIC_KEY_FILE)
    bundled = read_bundled_feeder(load_bundle(made.home.bundles / OPTIMIZER_NAME / version, key))
    feeder, empty = bundled.feeder, State.empty(bundled.feeder)
    expected = expect_hours(feeder, made.origin.tz_localize(None).to_datetime64().astype("datetime64[s]"), kwh)
    stored = np.full(len(feeder.batteries), stored_kwh)
    state, profiles = State(stored, empty.owed_kwh, empty.tap), expected.profiles(bundled.kvar_per_kw)
    return BundledPlanner(bundled).plan(profiles, state, peak_kw, None, reason)


def require_same(answer: FeederPlans, row: int, planned: TimedPlan) -> None:
    plan = planned.plan
    in_kw = set_in_kw(plan.feeder, plan.setpoints)
    np.testing.assert_allclose(
        answer.setpoints_kw[row], np.stack([in_kw[name] for name in answer.elements]), rtol=1e-5, atol=1e-5
    )
    np.testing.assert_allclose(answer.pv_kvar[row], plan.setpoints.pv_kvar.T, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(answer.tap_position[row], plan.setpoints.tap_position)
    assert answer.figures["saving_eur"][row] == pytest.approx(plan.saving_eur, rel=1e-5)
    assert answer.figures["peak_kw"][row] == pytest.approx(plan.settlement.peak_kw, rel=1e-5)
    assert answer.figures["violations"][row] == plan.settlement.violations
    assert [one["reason"] for one in answer.reasons[row]["actions"]] == [one.reason for one in plan.actions]
    assert answer.controllers[row] == plan.controller


def test_plans_are_those_of_the_library_for_what_the_forecaster_says(ask, made, forecaster) -> None:
    kwh, batteries = forecast_by(forecaster, made), len(made.stored.feeder.batteries)
    stored = np.float32([[0.0] * batteries, [5.0] * batteries])
    answer = ask([NAME, NAME], FeederStart(stored, np.float32([0, 30])))
    assert answer.feeder_ids == [NAME] * 2 and answer.origins == [f"{made.origin:%Y-%m-%dT%H:%M:%SZ}"] * 2
    assert answer.setpoints_kw.shape == (2, len(answer.elements), DAY)
    assert answer.model_versions == ["planned"] * 2 and answer.variants == ["control"] * 2
    assert answer.degraded == [False] * 2 and answer.degraded_reasons == [""] * 2
    assert (answer.feature_age_seconds > 0).all() and answer.figures["saving_eur"][0] > 1
    require_same(answer, 0, plan_by_library(made, kwh, "planned"))
    require_same(answer, 1, plan_by_library(made, kwh, "planned", 5.0, 30.0))


def test_without_what_is_known_batteries_begin_empty(ask, made) -> None:
    feeder = made.stored.feeder
    start = FeederStart(np.zeros((1, len(feeder.batteries))), np.zeros(1), np.array([State.empty(feeder).tap]))
    np.testing.assert_array_equal(ask([NAME]).setpoints_kw, ask([NAME], start).setpoints_kw)


def test_the_command_line_says_the_same_without_a_service(ask, made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(made.home.root))
    capacity_kwh = made.stored.feeder.batteries.capacity_kwh
    arguments = ["optimize", "--feeder", NAME, "--stored-kwh", f"{capacity_kwh.sum() / 2}", "--peak-kw", "30", "--json"]
    run = CliRunner().invoke(app, arguments)
    assert run.exit_code == 0, run.output
    told = json.loads(run.stdout)
    answer = ask([NAME], FeederStart(capacity_kwh[None] / 2, np.float32([30])))
    assert (told["expected"], told["controller"]) == ("forecast: one", answer.controllers[0])
    assert told["setpoints"]["timestamp"][0] == answer.origins[0]
    by_part = {"battery": "battery_kw", "curtailed": "curtailed_kw", "shifted": "shifted_kw"}
    for element, found in zip(answer.elements, answer.setpoints_kw[0], strict=True):
        part, _, name = element.partition("/")
        np.testing.assert_allclose(found, told["setpoints"][by_part[part]][name], rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(answer.tap_position[0], told["setpoints"]["tap_position"])
    assert answer.figures["saving_eur"][0] == pytest.approx(told["saving_eur"], rel=1e-5)
    for name, figure in (("cost_eur", "cost"), ("peak_kw", "peak"), ("highest_loading_percent", "highest_loading")):
        assert answer.figures[name][0] == pytest.approx(told["figures"][figure]["planned"], rel=1e-5)
    assert [one["reason"] for one in answer.reasons[0]["actions"]] == [one["reason"] for one in told["actions"]]


def test_a_day_that_is_forecast_in_part_is_expected_as_the_day_before(made) -> None:
    day = made.origin.tz_convert(made.stored.timezone).date()
    forecast = expected_profiles(made.stored, day, made.home)
    assert forecast.source == "forecast: one" and len(forecast.profiles) == DAY
    for other in (-1, 1):
        found = expected_profiles(made.stored, day + datetime.timedelta(days=other), made.home)
        assert found.source == "forecast: day before" and len(found.profiles) == 4 * DAY


@pytest.mark.parametrize("face", ["over_rest", "over_grpc"])
def test_without_a_forecaster_a_rule_goes_by_the_newest_day_and_that_is_told(lonely, made, face: str) -> None:
    answer = getattr(GridClient(lonely.url, lonely.grpc_address), face)([NAME])
    assert answer.degraded == [True] and answer.controllers == ["self_consumption"]
    (reason,) = answer.degraded_reasons
    assert reason.startswith("there is no forecast, so a rule goes by the newest day that was measured: The service at")
    require_same(answer, 0, plan_by_library(made, made.windows[:, -DAY:], "planned", reason="none"))


def test_who_is_refused_is_told_by_name(service, made) -> None:
    def post(inputs: dict[str, tuple[str, list]], **parameters: object) -> httpx.Response:
        tensors = [
            {"name": name, "shape": list(np.shape(data)), "datatype": dtype, "data": np.ravel(data).tolist()}
            for name, (dtype, data) in inputs.items()
        ]
        url = f"{service.url}/v2/models/{OPTIMIZER_NAME}/infer"
        return httpx.post(url, json={"inputs": tensors, "parameters": parameters}, timeout=20, trust_env=False)

    name = {"feeder_id": ("BYTES", [NAME])}
    batteries = made.stored.feeder.batteries
    full = [[9e3] * len(batteries)]
    for inputs, status, told in (
        ({"feeder_id": ("BYTES", ["nowhere", NAME])}, 404, f"Unknown feeders: nowhere. This service controls {NAME}."),
        ({**name, "origin": ("BYTES", ["2016-01-01T00:00:00Z"])}, 400, "Plans begin at"),
        ({**name, "origin": ("BYTES", ["soon"])}, 400, "no RFC 3339 time"),
        ({**name, "stored_kwh": ("FP32", full)}, 400, f"stored_kwh of the battery {batteries.names[0]} is 9000"),
        ({**name, "peak_kw": ("FP32", [-1.0])}, 400, "peak_kw is -1"),
        ({**name, "tap_position": ("INT32", [99])}, 400, "tap_position is 99"),
        ({"feeder_id": ("BYTES", [NAME] * 33)}, 400, "33 rows"),
        ({**name, "meter_id": ("BYTES", ["x"])}, 400, "unknown input meter_id"),
    ):
        reply = post(inputs)
        assert reply.status_code == status and told in reply.json()["error"], reply.text
    partial = post({"feeder_id": ("BYTES", ["nowhere", NAME])}, partial=True).json()
    assert partial["parameters"]["refused"] == '[{"feeder_id": "nowhere", "reason": "unknown feeder"}]'
    with pytest.raises(InvalidRequestError, match="Unknown feeders: nowhere"):
        GridClient(service.url, service.grpc_address).over_grpc(["nowhere"])


def test_the_older_api_and_the_metadata_fit_the_feeder(service) -> None:
    with httpx.Client(base_url=service.url, trust_env=False, timeout=20) as client:
        assert client.get("/health").json() == {"status": "healthy", "model_name": OPTIMIZER_NAME}
        info = client.get("/model/info").json()
        assert (info["task"], info["feeder"]) == ("grid-optimization", NAME)
        answer = client.post("/predict", json={"data": {"feeder_id": [NAME]}}).json()
        assert np.shape(answer["setpoints_kw"]) == (1, len(info["elements"]), DAY) and answer["feeder_id"] == [NAME]
        assert client.post("/predict", json={"data": {"meter_id": [NAME]}}).status_code == 400
        described = client.get(f"/v2/models/{OPTIMIZER_NAME}").json()
        inputs = ["feeder_id", "origin", "stored_kwh", "peak_kw", "tap_position"]
        assert [item["name"] for item in described["inputs"]] == inputs
        assert {"setpoints_kw", "reasons", "variant", "degraded"} <= {item["name"] for item in described["outputs"]}
        assert client.get("/metrics").status_code == 200


def test_a_feeder_is_given_to_its_canary(service, made, ask, forecaster) -> None:
    made.split(100)
    service.refresh()
    try:
        answer = ask([NAME])
        assert answer.variants == ["learnt"] and answer.controllers == ["learnt"]
        require_same(answer, 0, plan_by_library(made, forecast_by(forecaster, made), "learnt"))
    finally:
        made.split(0)
        service.refresh()


def test_where_nothing_is_known_the_request_fails(made, tmp_path: Path) -> None:
    reader, told = (
        f"parquet:{tmp_path / 'none.parquet'}",
        f"Nothing is known of {NAME}: The service at .* can't be read",
    )
    with (
        made.service(OPTIMIZER_NAME, tmp_path, load_forecaster=NOBODY, feature_reader=reader) as running,
        pytest.raises(ServiceError, match=told),
    ):
        GridClient(running.url, running.grpc_address).over_grpc([NAME])
