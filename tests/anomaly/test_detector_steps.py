"""A detector's way: trained, judged, bundled, and asked about all days of a dataset."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from inference_services.anomaly_client import AnomalyClient
from inference_services.local.run_manifest import LocalService
from metrify.bundles.load import Bundle, load_bundle
from metrify.bundles.signature import PUBLIC_KEY_FILE, load_public_key
from metrify.cli.main import app
from metrify.config import Home, MetrifyConfig, default_config
from metrify.errors import (
    BundleError,
    ConfigError,
    InsufficientHistoryError,
    InvalidRequestError,
    MissingReadingsError,
    UnknownDayError,
    UnknownMeterError,
)
from metrify.readings.dataset import Dataset, DatasetInfo, write_dataset
from metrify.steps.bundle_description import read_description
from metrify.steps.detect_anomalies import Detection, detect_anomalies, require_fitting_detector
from metrify.steps.evaluate_detector import evaluate_detector
from metrify.steps.fit_drift_reference import fit_drift_reference
from metrify.steps.gate_model import gate_model
from metrify.steps.judge_day import judge_day
from metrify.steps.materialise_features import materialise_features
from metrify.steps.register_model import register_model
from metrify.steps.render_inference_service import render_inference_service
from metrify.steps.train_detector import train_detector
from metrify.steps.validate_readings import validate_readings
from metrify.steps.write_bundle import write_bundle
from tests.unit.anomaly.made_up_days import DAY, make_up_matrix

METERS, DAYS, NAME = 40, 130, "made-up"
DEAD, GAP, NEW = 3, 5, 7  # meters that are dead for days, lack two days, and began lately
SILENT = 90  # is in the table of meters and was never read
DEAD_DAYS, GAP_DAYS, NEW_DAYS = range(80, 90), range(100, 102), 10
SMALL = {"epochs": 1, "boosting_rounds": 15, "fault_copies": 3, "max_training_days": 3_000, "forest_trees": 20}


@dataclass(frozen=True)
class World:
    """Where everything lies."""

    dataset: Path
    verdicts: Path
    model: Path
    curve: Path
    description: Path
    evaluation: Path
    card: Path
    metrics: dict[str, float]
    bundle: Bundle
    config: MetrifyConfig
    home: Home

    def meter(self, number: int) -> str:
        return f"m_{number:024x}"


def _config() -> MetrifyConfig:
    values = default_config().model_dump()
    values["training"]["anomaly_detection"].update(SMALL)
    values["drift"].update(calibration_replays=19, min_meters=2)
    return MetrifyConfig.model_validate(values)


def _dataset() -> Dataset:
    matrix = make_up_matrix(METERS, DAYS, seed=3)
    kwh = matrix.kwh.reshape(METERS, DAYS, DAY)
    kwh[DEAD, list(DEAD_DAYS)] = 0
    kwh[GAP, list(GAP_DAYS)] = np.nan
    kwh[NEW, :-NEW_DAYS] = np.nan
    ids = [f"m_{number:024x}" for number in range(METERS)]
    readings = pd.DataFrame(
        {
            "meter_id": np.repeat(ids, DAYS * DAY),
            "timestamp": matrix.timestamps.as_unit("us")[np.tile(np.arange(DAYS * DAY), METERS)],
            "kwh": matrix.kwh.ravel(),
        }
    ).dropna(ignore_index=True)
    listed = [*ids, f"m_{SILENT:024x}"]
    meters = pd.DataFrame({"meter_id": listed, "group": listed, "district": ""})
    info = DatasetInfo(NAME, 60, "Europe/London", "GB", "CC0", "made up")
    return Dataset(info, readings, meters)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    home, config = Home(folder / "home"), _config()
    home.keys.mkdir(parents=True)
    dataset = home.datasets / NAME
    dataset.parent.mkdir(parents=True, exist_ok=True)
    write_dataset(_dataset(), dataset)
    trained = ("verdicts", "materialised", "model", "curve", "description", "evaluation", "card")
    at = {name: folder / name for name in (*trained, "reference", "limits", "bundle")}
    validate_readings(dataset, at["verdicts"], config, home)
    materialise_features(dataset, at["verdicts"], at["materialised"], config, home)
    train_detector(dataset, at["verdicts"], at["model"], at["curve"], at["description"], config, home)
    inputs = (dataset, at["verdicts"], at["model"], at["description"])
    metrics = evaluate_detector(*inputs, at["evaluation"], at["card"], config, "test", home)
    fit_drift_reference(dataset, at["verdicts"], at["reference"], at["limits"], config, "anomaly-detection", home)
    made_of = (at["description"], at["model"], at["evaluation"], at["reference"], at["limits"], at["card"], None)
    write_bundle(*made_of, at["bundle"], "test", home)
    bundle = load_bundle(Path(at["bundle"].read_text()), load_public_key(home.keys / PUBLIC_KEY_FILE))
    return World(
        dataset,
        at["verdicts"],
        at["model"],
        at["curve"],
        at["description"],
        at["evaluation"],
        at["card"],
        metrics,
        bundle,
        config,
        home,
    )


@pytest.fixture(scope="module")
def found(world: World, tmp_path_factory: pytest.TempPathFactory) -> Detection:
    return detect_anomalies(NAME, world.bundle, tmp_path_factory.mktemp("scratch"), world.config, world.home)


def test_a_bundle_says_what_the_detector_reads_and_from_where_on_a_day_is_anomalous(world: World) -> None:
    manifest = world.bundle.manifest
    assert (manifest.name, manifest.task, manifest.sequence_length, manifest.forecast_horizon) == (
        "anomaly-detector",
        "anomaly-detection",
        29 * DAY,
        DAY,
    )
    assert [tensor.name for tensor in manifest.outputs] == ["score", "is_anomaly", "kind_share"]
    assert "theft" in manifest.outputs[2].labels and manifest.outputs[1].dtype == "BOOL"
    limits = world.bundle.thresholds()
    assert limits["anomaly"]["max_missing_share"] == 0.5 and limits["drift"]["min_rows"] == 2
    assert read_description(world.description)[1]["anomaly"] == limits["anomaly"]


def test_test_meters_are_judged_beside_simple_rules(world: World) -> None:
    metrics = world.metrics
    assert metrics["test_events"] > 20 and 0.5 < metrics["event_recall"] <= 1
    assert metrics["vus_pr"] > max(metrics["vus_pr_z_score"], metrics["vus_pr_same_hour_z_score"])
    assert json.loads(world.evaluation.read_text()) == metrics
    gate_model(world.evaluation, world.config, "anomaly-detection")
    card = world.card.read_text()
    assert "anomaly-detector, ensemble" in card and "m_0" not in card


def test_a_registered_detector_has_its_own_parameters_and_losses(world: World, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    from metrify.adapters.registry import list_bundles
    from metrify.adapters.tracking import tracking_uri

    named = tmp_path / "bundle.txt"
    named.write_text(str(world.bundle.folder))
    register_model(named, world.curve, None, world.config, world.home)
    registered = list_bundles(world.home, world.config, "anomaly-detector")
    assert [bundle.version for bundle in registered] == [world.bundle.manifest.version]
    client = MlflowClient(tracking_uri(world.home, world.config))
    (run,) = client.search_runs([experiment.experiment_id for experiment in client.search_experiments()])
    assert run.data.params["forest_trees"] == "20" and "lstm_units" not in run.data.params
    losses = client.get_metric_history(run.info.run_id, "kinds_loss")
    assert [loss.step for loss in losses] == list(range(1, 16)) and losses[-1].value < losses[0].value


def test_faults_of_a_dataset_are_listed_with_their_kind_and_no_meter_is_left_out(
    world: World, found: Detection
) -> None:
    events = found.events.set_index("meter_id")
    begin = pd.Timestamp("2024-01-01", tz="UTC") + pd.Timedelta(days=DEAD_DAYS[0])
    dead = events.loc[[world.meter(DEAD)]].set_index("start").loc[begin]
    assert dead["severity"] == "high" and dead["days"] >= 9 and dead["kind"] not in ("vacancy", "burst")
    lost = events.loc[[world.meter(GAP)]]
    lost = lost[lost["kind"] == "burst"].iloc[0]
    assert lost["days"] >= len(GAP_DAYS) and lost["energy_kwh"] > 0
    reasons = found.not_judged.set_index("meter_id")["reason"]
    assert reasons[world.meter(NEW)].startswith("fewer than 50%") and len(reasons) == 2
    assert reasons[world.meter(SILENT)] == "no reading is there that counts"
    judged = set(found.judged.days.matrix.meter_ids) - set(found.not_judged["meter_id"])
    assert len(judged) == METERS - 1


def test_a_day_of_the_store_has_the_score_of_the_list(world: World, found: Detection) -> None:
    newest = judge_day(world.bundle, [world.meter(1), world.meter(2)], None, world.home)
    scores = found.judged.scores
    np.testing.assert_allclose(newest.score, scores.score[[1, 2], -1], rtol=1e-5)
    earlier = judge_day(world.bundle, [world.meter(1)], "2024-04-01", world.home)
    number = list(found.judged.days.begins.tz_convert("Europe/London").strftime("%Y-%m-%d")).index("2024-04-01")
    np.testing.assert_allclose(earlier.score, scores.score[[1], number], rtol=1e-5)
    assert earlier.days == ["2024-04-01"] and earlier.contribution.shape == (1, DAY)


@pytest.mark.parametrize("days_ago", [1, 2, 5, 27, 28, 40])
def test_any_day_of_several_meters_is_judged_also_where_the_newest_window_does_not_reach_back(
    world: World, found: Detection, days_ago: int
) -> None:
    begins = found.judged.days.begins.tz_convert("Europe/London")
    verdicts = judge_day(world.bundle, [world.meter(1), world.meter(2)], f"{begins[-days_ago]:%Y-%m-%d}", world.home)
    np.testing.assert_allclose(verdicts.score, found.judged.scores.score[[1, 2], -days_ago], rtol=1e-5)


def test_a_dataset_without_a_meter_that_is_good_enough_is_judged_all_the_same(world: World, tmp_path: Path) -> None:
    """A meter that is stuck for months is no good to train on, and just what is looked for."""
    data = _dataset()
    own = data.readings["meter_id"] == world.meter(1)
    readings = data.readings[own].reset_index(drop=True)
    readings.loc[40 * DAY :, "kwh"] = 0.25
    stuck = replace(data, readings=readings, info=replace(data.info, name="stuck"))
    write_dataset(stuck, world.home.datasets / "stuck")
    found = detect_anomalies("stuck", world.bundle, tmp_path, world.config, world.home)
    assert len(found.not_judged) == METERS and not found.events.empty
    assert set(found.events["meter_id"]) == {world.meter(1)}


@pytest.mark.parametrize(
    ("meter", "day", "error", "told"),
    [
        (1, "tomorrow-ish", InvalidRequestError, "no date"),
        (1, "2024-04-01T12:00", InvalidRequestError, "no date"),
        (1, "2024-06-01", UnknownDayError, r"a day that the store does not hold.*readings end at"),
        (1, "2024-01-20", UnknownDayError, r"windows are stored that end from .* each with the 28 days before"),
        (NEW, None, InsufficientHistoryError, "insufficient history"),
        (99, None, UnknownMeterError, "Unknown meters"),
        (GAP, "2024-04-10", MissingReadingsError, "of 24 readings of 2024-04-10 are missing"),
    ],
)
def test_what_can_not_be_judged_is_refused_by_name(
    world: World, meter: int, day: str | None, error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        judge_day(world.bundle, [world.meter(meter)], day, world.home)


def test_a_detector_of_another_resolution_or_place_is_refused(world: World) -> None:
    info = _dataset().info
    with pytest.raises(BundleError, match="resolution_minutes 60 for 30"):
        require_fitting_detector(world.bundle.manifest, replace(info, resolution_minutes=30), world.home)
    with pytest.raises(BundleError, match="is no detector"):
        require_fitting_detector(world.bundle.manifest.model_copy(update={"task": "load-forecast"}), info, world.home)


def test_a_store_that_keeps_too_few_days_is_refused_before_the_training(world: World, tmp_path: Path) -> None:
    values = world.config.model_dump()
    values["feature_engineering"]["lookback_window"] = 672
    with pytest.raises(ConfigError, match=r"reads 696 .* keeps 672"):
        train_detector(
            world.dataset,
            world.verdicts,
            *(tmp_path / name for name in ("model", "curve", "description")),
            MetrifyConfig.model_validate(values),
            world.home,
        )


def test_the_service_says_what_the_command_line_says(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METRIFY_HOME", str(world.home.root))
    named, manifest = tmp_path / "bundle.txt", tmp_path / "anomaly-detector.yaml"
    named.write_text(str(world.bundle.folder))
    render_inference_service(named, manifest, world.config, world.home)
    meters = [world.meter(number) for number in (0, 1, DEAD)]
    here = judge_day(world.bundle, meters, None, world.home)
    key = world.home.keys / PUBLIC_KEY_FILE
    with LocalService(manifest, tmp_path / "logs", key, http_port=0, grpc_port=0) as service:
        client = AnomalyClient(service.url, service.grpc_address)
        for answer in (client.over_rest(meters), client.over_grpc(meters, here.days[0])):
            np.testing.assert_allclose(answer.scores, here.score, rtol=1e-5)
            np.testing.assert_array_equal(answer.is_anomaly, here.is_anomaly)
            np.testing.assert_allclose(answer.contributions, here.contribution, atol=1e-4)
            assert (answer.kinds, answer.days) == (here.kind, here.days)


@pytest.fixture
def detect(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., object]:
    """Runs `metrify detect` in the world's home."""
    monkeypatch.setenv("METRIFY_HOME", str(world.home.root))

    def run(*arguments: str) -> object:
        command = ["detect", "--bundle", str(world.bundle.folder), *arguments]
        return CliRunner().invoke(app, command, catch_exceptions=False)

    return run


def test_the_command_line_lists_events_and_writes_them(
    world: World, found: Detection, detect: Callable, tmp_path: Path
) -> None:
    page, table = tmp_path / "page.html", tmp_path / "events.csv"
    shown = detect("--dataset", NAME, "--page", str(page), "--output", str(table), "--json")
    printed = json.loads(shown.stdout)
    assert len(printed["events"]) == len(found.events) == len(pd.read_csv(table))
    assert printed["not_judged"][0]["meter_id"] == world.meter(NEW)
    text = page.read_text()
    assert world.meter(DEAD) in text and "vegaEmbed(" in text and "Not judged" in text
    listed = detect("--dataset", NAME)
    assert "the most urgent first" in listed.stdout and f"{world.meter(NEW)}  not judged" in listed.stderr


def test_the_command_line_shows_a_day_of_a_meter(world: World, detect: Callable) -> None:
    shown = json.loads(detect("--meter", world.meter(DEAD), "--day", "2024-03-21", "--json").stdout)["days"][0]
    assert shown["is_anomaly"] and shown["kind"] and len(shown["contribution"]) == DAY
    usual = judge_day(world.bundle, [world.meter(DEAD)], "2024-03-21", world.home)
    assert shown["score"] == pytest.approx(float(usual.score[0]))
    assert sum(shown["contribution"]) > 0
    text = detect("--meter", world.meter(DEAD), "--day", "2024-03-21").stdout
    assert shown["kind"] in text and "contribution" in text
