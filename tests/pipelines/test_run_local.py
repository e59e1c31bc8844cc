import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

from metrify.bundles.load import Bundle, load_bundle
from metrify.bundles.signature import PUBLIC_KEY_FILE, load_public_key
from metrify.config import Home
from metrify.privacy.pseudonyms import is_pseudonym
from metrify.readings.dataset import read_dataset
from metrify.steps.training_set import read_training_set
from pipelines.run_local import LocalRun, task_names

from .conftest import DAYS, METERS, PIPELINE, Run, write_households


@dataclass(frozen=True)
class Trained:
    """A finished run and what it left."""

    run: LocalRun
    home: Home
    numbers: list[str]
    told: list[str]

    @property
    def bundle_folder(self) -> Path:
        return Path(self.run.output("write-bundle", "bundle").read_text(encoding="utf-8"))

    def bundle(self) -> Bundle:
        return load_bundle(self.bundle_folder, load_public_key(self.home.keys / PUBLIC_KEY_FILE))


@pytest.fixture(scope="module")
def trained(
    tmp_path_factory: pytest.TempPathFactory, run_in: Run, with_known_pseudonyms: Callable[[Home], Home]
) -> Trained:
    root = tmp_path_factory.mktemp("trained")
    home, told = with_known_pseudonyms(Home(root / "home")), []
    numbers = write_households(root / "data", noise=0.5)
    return Trained(run_in(home, root / "data", told=told), home, numbers, told)


def test_every_task_finished_and_was_told_of(trained: Trained) -> None:
    assert sorted(trained.told) == sorted(task_names(PIPELINE))
    assert (trained.run.folder / "run.log").stat().st_size > 0


def test_the_bundle_loads_with_its_signature(trained: Trained) -> None:
    manifest = trained.bundle().manifest
    assert manifest.model_type == "gru"
    assert manifest.code_version == "test"
    assert manifest.dataset_name == "london_hourly_2013"
    assert trained.bundle_folder.parent == trained.home.bundles / manifest.name
    assert [path.name for path in trained.bundle_folder.parent.iterdir()] == [manifest.version]


def test_the_model_in_the_bundle_is_the_one_that_was_trained(trained: Trained) -> None:
    model = trained.run.output("train-forecaster", "model")
    assert trained.bundle().model_path.read_bytes() == model.read_bytes()


def test_the_model_is_better_than_both_baselines_on_the_test_rows(trained: Trained) -> None:
    metrics = trained.bundle().manifest.metrics
    assert 0 < metrics["wape"] < min(metrics["wape_persistence"], metrics["wape_seasonal_naive"])
    assert 0.5 < metrics["coverage"] <= 1
    assert trained.run.metrics("evaluate-forecaster") == pytest.approx(metrics)


def test_the_figures_of_the_steps_fit_together(trained: Trained) -> None:
    run = trained.run
    assert run.metrics("ingest-readings") == {"meters": METERS, "readings": METERS * DAYS * 24, "profiles": METERS}
    judged = run.metrics("validate-readings")
    assert (judged["accepted"], judged["rejected"]) == (METERS, 0)
    assert judged["quarantined"] < 1e-4 * METERS * DAYS * 24  # noise that looks like a spike
    assert judged["good_days"] == METERS * DAYS - judged["suspect_days"]
    built = run.metrics("build-training-set")
    assert built["test_rows"] == run.metrics("evaluate-forecaster")["test_rows"]
    assert min(built["train_rows"], built["validation_rows"], built["test_rows"]) > 50


def test_test_rows_are_other_meters_in_a_later_time(trained: Trained) -> None:
    rows = pd.read_parquet(trained.run.output("build-training-set", "training_set") / "rows.parquet")
    sides = dict(iter(rows.groupby("side")))
    assert not set(sides["train"]["meter_id"]) & set(sides["test"]["meter_id"])
    assert not set(sides["validation"]["meter_id"]) & set(sides["test"]["meter_id"])
    assert sides["train"]["origin"].max() < sides["validation"]["origin"].min()
    assert sides["validation"]["origin"].max() < sides["test"]["origin"].min()


def test_the_windows_and_targets_are_those_of_the_readings(trained: Trained) -> None:
    rows = read_training_set(trained.run.output("build-training-set", "training_set"))
    readings = read_dataset(trained.run.output("ingest-readings", "dataset")).readings
    by_meter = {meter: group.set_index("timestamp")["kwh"] for meter, group in readings.groupby("meter_id")}
    for row in np.random.default_rng(0).choice(len(rows.origins), 20, replace=False):
        origin, hour = pd.Timestamp(rows.origins[row], tz="UTC"), pd.Timedelta(hours=1)
        kwh = by_meter[rows.meter_ids[row]]
        np.testing.assert_array_equal(rows.windows[row], kwh.loc[: origin - hour].to_numpy()[-696:])
        np.testing.assert_array_equal(rows.targets[row], kwh.loc[origin:].to_numpy()[:24])


def test_the_candidate_in_the_registry_is_the_bundle(trained: Trained) -> None:
    from mlflow import MlflowClient

    uri = trained.home.tracking_uri("sqlite:///mlflow.db")
    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    manifest = trained.bundle().manifest
    candidate = client.get_model_version_by_alias(manifest.name, "candidate")
    assert str(candidate.version) == trained.run.output("register-model", "registered").read_text(encoding="utf-8")
    assert candidate.tags["version"] == manifest.version
    assert candidate.tags["dataset_fingerprint"] == manifest.dataset_fingerprint
    run = client.get_run(candidate.run_id)
    assert run.info.status == "FINISHED"
    losses = {name: value for name, value in run.data.metrics.items() if name in ("loss", "val_loss")}
    assert len(losses) == 2
    assert run.data.metrics == pytest.approx(manifest.metrics | losses)
    assert run.data.params["model_type"] == "gru"
    logged = {Path(item.path).name for item in client.list_artifacts(candidate.run_id, "bundle")}
    assert logged == {path.name for path in trained.bundle_folder.iterdir()}


def test_the_signed_card_is_the_one_that_the_run_shows(trained: Trained) -> None:
    card = trained.run.output("write-model-card", "model_card").read_text(encoding="utf-8")
    assert (trained.bundle_folder / "model_card.md").read_text(encoding="utf-8") == card
    assert "| before | after |" in card  # the trained model is calibrated
    assert f"| this model | {trained.bundle().manifest.metrics['wape']:.4g} |" in card


def test_the_inference_service_serves_the_bundle(trained: Trained) -> None:
    manifest = yaml.safe_load(trained.run.output("render-inference-service", "manifest").read_text(encoding="utf-8"))
    assert manifest["kind"] == "InferenceService"
    assert manifest["spec"]["predictor"]["model"]["storageUri"] == trained.bundle_folder.as_uri()
    assert "canary" not in manifest["spec"]
    for variable in manifest["spec"]["transformer"]["containers"][0]["env"]:
        assert Path(variable["value"]).exists(), variable["name"]


def test_the_drift_detector_is_calibrated_on_the_same_meters(trained: Trained) -> None:
    bundle = trained.bundle()
    drift = bundle.thresholds()["drift"]
    assert {len(distances) for distances in drift["null_distances"].values()} == {19}
    assert set(drift["null_distances"]) == set(bundle.drift_reference().columns)
    assert len(bundle.drift_reference()) == trained.run.metrics("fit-drift-reference")["reference_rows"] > 100


def test_no_meter_number_leaves_the_ingesting_step(trained: Trained) -> None:
    folder = trained.run.output("ingest-readings", "dataset")
    for path in folder.rglob("*.parquet"):
        table = pq.read_table(path)
        assert "MAC" not in json.dumps([str(table.schema), str(table.schema.metadata)])
        for name in ("meter_id", "group"):
            if name in table.column_names:
                assert all(map(is_pseudonym, table[name].unique().to_pylist()))
    written = [path for path in trained.home.root.rglob("*") if path.is_file()]
    assert len(written) > 30
    for path in written:
        content = path.read_bytes()
        assert not [number for number in trained.numbers if number.encode() in content], path
