"""The training of a controller from a feeder to a service, on a made-up feeder with hourly steps."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import yaml

from metrify.bundles.load import Bundle, load_bundle
from metrify.bundles.signature import PUBLIC_KEY_FILE, load_public_key
from metrify.config import Home, MetrifyConfig, default_config
from metrify.config.home import HOME_VARIABLE
from metrify.drift.features import DRIFT_FEATURES
from metrify.errors import GateRefusedError, GridError
from metrify.grid.controllers.onnx_policy import OnnxPolicy
from metrify.grid.expected_hours import usual_kvar_per_kw
from metrify.grid.feeder import Profiles
from metrify.grid.feeder_files import StoredFeeder, write_feeder
from metrify.grid.feeder_json import feeder_from_json
from metrify.steps.bundle_description import read_description
from metrify.steps.choose_controller import choose_controller
from metrify.steps.evaluate_controller import evaluate_controller
from metrify.steps.gate_model import gate_model
from metrify.steps.install_service import install_service
from metrify.steps.load_feeder import load_feeder
from metrify.steps.rollout import promote_bundle
from pipelines.run_local import LocalRun, run_local, task_names

from ..unit.grid.made_up_feeder import ZONE, make_up_feeder

PIPELINE, NAME, WEEKS = "grid_training", "line", 20
SMALL = {
    "units": 16,
    "epochs": 20,
    "demonstration_rounds": 0,
    "max_training_weeks": 8,
    "chosen_weeks": 1,
    "forecast": {"forecast_horizon_hours": 24, "max_training_windows": 400, "epochs": 1},
}


def make_up_year() -> Profiles:
    """Hourly: an evening of its own each day, and days of more and of less sun."""
    draw, hours = np.random.default_rng(0), np.arange(WEEKS * 7 * 24) % 24
    daily = lambda low, high: np.repeat(draw.uniform(low, high, WEEKS * 7), 24)  # noqa: E731
    load = 20 + daily(40, 60) * np.exp(-((hours - daily(18, 20)) ** 2) / 6)
    sun = daily(10, 50) * np.clip(np.sin((hours - 6) / 12 * np.pi), 0, None)
    return Profiles(np.datetime64("2016-01-03T23:00", "s"), 60, load[:, None], 0.2 * load[:, None], sun[:, None])


def small_config() -> MetrifyConfig:
    values = default_config().with_grid_optimization(**SMALL).model_dump(mode="json")
    values["drift"].update(calibration_replays=19)
    return MetrifyConfig.model_validate(values)


@dataclass(frozen=True)
class Trained:
    """A finished run and what it left."""

    run: LocalRun
    home: Home
    told: list[str]
    progress: list[str]

    def read(self, task: str, name: str) -> dict:
        return json.loads(self.run.output(task, name).read_text(encoding="utf-8"))

    def bundle(self) -> Bundle:
        folder = Path(self.run.output("write-bundle", "bundle").read_text(encoding="utf-8"))
        return load_bundle(folder, load_public_key(self.home.keys / PUBLIC_KEY_FILE))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    home, told, progress = Home(tmp_path_factory.mktemp("grid") / "home"), [], []
    write_feeder(home.feeders / NAME, StoredFeeder(make_up_feeder(), make_up_year(), ZONE))
    text = yaml.safe_dump(small_config().model_dump(mode="json"))
    arguments = {"source": NAME, "config_yaml": text, "code_version": "test"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME_VARIABLE, str(home.root))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        run = run_local(PIPELINE, arguments, home, told.append, progress.append)
    return Trained(run, home, told, progress)


def test_every_task_finished_and_told_how_far_it_was(trained: Trained) -> None:
    assert sorted(trained.told) == sorted(task_names(PIPELINE))
    for line in ("forecaster, step ", "teacher, 8 of ", "choosing: learnt", "perfect foresight, 2 of 2 weeks"):
        assert [told for told in trained.progress if told.startswith(line)], line


def test_the_bundle_holds_the_feeder_and_who_decides(trained: Trained) -> None:
    bundle, figures = trained.bundle(), trained.run.metrics("choose-controller")
    feeder, zone = feeder_from_json(bundle.feeder_text() or "")
    assert (feeder.load_names, zone) == (("load",), ZONE)
    cheaper = min(("learnt", "model_predictive"), key=lambda name: figures[f"cost_eur_{name}"])
    grid = bundle.thresholds()["grid"]
    assert grid["controller"] == cheaper
    assert grid["tariff"] == default_config().grid.tariff.model_dump()
    assert grid["kvar_per_kw"] == [pytest.approx(usual_kvar_per_kw(make_up_year())[0])]
    assert bundle.manifest.metrics["is_learnt"] == (cheaper == "learnt")


def test_the_manifest_says_what_goes_in_and_what_comes_out(trained: Trained) -> None:
    manifest = trained.bundle().manifest
    (view,), (action,) = manifest.inputs, manifest.outputs
    assert (manifest.task, manifest.features, manifest.resolution_minutes) == ("grid-optimization", (), 60)
    assert (manifest.sequence_length, manifest.forecast_horizon) == (168, 24)
    assert action.labels == ("battery/battery", "curtailed/pv", "kvar/pv", "tap", "peak")
    policy = OnnxPolicy(trained.bundle().model_path, view.shape[1], action.shape[1])
    assert policy.act(np.zeros(view.shape[1], np.float32)).shape == action.shape[1:]


def test_it_saves_without_a_violation_and_no_more_than_perfect_foresight(trained: Trained) -> None:
    metrics = trained.read("evaluate-controller", "evaluation")
    assert metrics == pytest.approx(trained.bundle().manifest.metrics)
    assert metrics["evaluated_weeks"] == 2
    assert metrics["saving_ratio_none"] == 0 and metrics["violations"] == 0
    assert metrics["saving_ratio_self_consumption"] < metrics["saving_ratio"] <= 1
    assert metrics["cost_eur_per_week_perfect_foresight"] <= metrics["cost_eur_per_week"]
    assert {"saving_ratio_month_01", "saving_ratio_month_04", "decision_p99_ms"} <= set(metrics)


def test_the_card_and_the_day_are_shown(trained: Trained) -> None:
    card = trained.run.output("evaluate-controller", "model_card").read_text(encoding="utf-8")
    assert card.startswith("# Model card: grid-optimizer, multi_output") and "| perfect foresight | 100.0%" in card
    assert (trained.bundle().folder / "model_card.md").read_text(encoding="utf-8") == card
    page = trained.run.output("evaluate-controller", "day").read_text(encoding="utf-8")
    assert "line on 2016-" in page and "without control" in page


def test_drift_is_looked_for_in_weeks_of_the_elements(trained: Trained) -> None:
    bundle = trained.bundle()
    reference = bundle.drift_reference()
    assert list(reference.columns) == list(DRIFT_FEATURES) and len(reference) > 2
    assert set(bundle.thresholds()["drift"]["null_distances"]) == set(DRIFT_FEATURES)


def test_it_is_registered_and_its_service_is_rendered(trained: Trained) -> None:
    from mlflow import MlflowClient

    uri = trained.home.tracking_uri("sqlite:///mlflow.db")
    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    candidate = client.get_model_version_by_alias("grid-optimizer", "candidate")
    run = client.get_run(candidate.run_id)
    assert run.data.params["demonstration_rounds"] == "0"
    assert len(client.get_metric_history(candidate.run_id, "multi_output_loss")) == SMALL["epochs"]
    service = yaml.safe_load(trained.run.output("render-inference-service", "manifest").read_text(encoding="utf-8"))
    assert service["metadata"]["name"] == "grid-optimizer"
    assert service["spec"]["predictor"]["model"]["storageUri"] == trained.bundle().folder.as_uri()


def test_the_champion_is_run_through_the_same_weeks(trained: Trained, tmp_path: Path) -> None:
    config, home, key = small_config(), trained.home, trained.home.keys / PUBLIC_KEY_FILE
    install_service(trained.run.output("render-inference-service", "manifest"), home)
    promote_bundle(trained.bundle().folder, key, config, home)
    inputs = [
        trained.run.output(task, name)
        for task, name in (
            ("load-feeder", "feeder"),
            ("forecast-feeder", "forecasts"),
            ("train-controller", "model"),
            ("choose-controller", "chosen"),
        )
    ]
    evaluation, *others = (tmp_path / name for name in ("evaluation.json", "card.md", "day.html"))
    metrics = evaluate_controller(*inputs, evaluation, *others, config, "test", home)
    assert metrics["saving_ratio_champion"] == pytest.approx(metrics["saving_ratio"])
    assert metrics["is_champion"] == 1
    gate_model(evaluation, config, "grid-optimization")
    evaluation.write_text(json.dumps(metrics | {"is_champion": 0.0}), encoding="utf-8")
    with pytest.raises(GateRefusedError, match="not above saving_ratio_champion"):
        gate_model(evaluation, config, "grid-optimization")


def test_the_forecasts_know_more_than_the_day_before(trained: Trained) -> None:
    figures = trained.run.metrics("forecast-feeder")
    assert figures["wape"] < figures["wape_day_before"]


def test_with_other_prices_it_is_chosen_anew_and_with_the_same_it_is_not(trained: Trained, tmp_path: Path) -> None:
    inputs = [
        trained.run.output(task, name)
        for task, name in (
            ("load-feeder", "feeder"),
            ("forecast-feeder", "forecasts"),
            ("train-controller", "model"),
            ("train-controller", "description"),
        )
    ]
    same = choose_controller(*inputs, tmp_path / "same", small_config(), trained.home)
    assert same == trained.run.metrics("choose-controller")
    assert len(list((trained.home.step_cache / "choose_controller").glob("*/"))) == 1
    values = small_config().model_dump()
    values["grid"]["tariff"]["high_eur_per_kwh"] = 0.9
    dearer = choose_controller(*inputs, tmp_path / "dearer", MetrifyConfig.model_validate(values), trained.home)
    assert dearer["cost_eur_model_predictive"] > same["cost_eur_model_predictive"]
    _, thresholds = read_description(tmp_path / "dearer")
    assert thresholds["grid"]["tariff"]["high_eur_per_kwh"] == 0.9  # type: ignore[index]


def test_an_unknown_feeder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GridError, match="There is no feeder 'nowhere'"):
        load_feeder("nowhere", tmp_path / "feeder", Home(tmp_path))
