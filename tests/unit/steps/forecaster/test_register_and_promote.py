from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml
from mlflow import MlflowClient
from typer.testing import CliRunner

from metrify.adapters.registry import find_champion
from metrify.adapters.tracking import tracking_uri
from metrify.bundles.manifest import FORECASTER_NAME
from metrify.bundles.signature import PUBLIC_KEY_FILE
from metrify.cli.main import app
from metrify.errors import TrackingError, UsageError
from metrify.steps.install_service import install_service
from metrify.steps.render_inference_service import render_inference_service
from metrify.steps.rollout import promote_canary, read_split, served_bundles, start_canary

from .conftest import World, write_model

Register = Callable[..., Path]


@pytest.fixture
def client(world: World) -> MlflowClient:
    return MlflowClient(tracking_uri(world.home, world.config))


@pytest.fixture
def service(world: World, register: Register, tmp_path: Path) -> Path:
    """Serves the world's model, with another one as its canary."""
    (tmp_path / "named").write_text(str(register()))
    render_inference_service(tmp_path / "named", tmp_path / "service.yaml", world.config, world.home)
    installed = install_service(tmp_path / "service.yaml", world.home)
    canary = register(write_model(tmp_path / "canary.onnx", bias=1.01))
    start_canary(installed, canary, 20, world.home.keys / PUBLIC_KEY_FILE)
    return installed


def test_the_run_tells_how_the_model_was_made(world: World, register: Register, client: MlflowClient) -> None:
    folder = register()
    version = client.get_model_version_by_alias(FORECASTER_NAME, "candidate")
    assert version.tags["version"] == folder.name
    run = client.get_run(version.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params["model_type"] == "gru"
    assert run.data.params["compression"] == "none"
    assert {"wape", "wape_persistence", "coverage", "mase"} < set(run.data.metrics)
    for name, losses in {"loss": [3.0, 2.0], "val_loss": [4.0, 3.5]}.items():
        history = client.get_metric_history(version.run_id, name)
        assert [(item.step, item.value) for item in history] == list(enumerate(losses, start=1))
    assert run.data.tags["dataset_fingerprint"] == "ab" * 32
    (used,) = run.inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest) == ("made-up", "ab" * 18)
    artifacts = {item.path for item in client.list_artifacts(version.run_id)}
    assert artifacts == {"bundle", "model_card.md", "evaluation_tables.parquet"}
    tables = pd.read_parquet(client.download_artifacts(version.run_id, "evaluation_tables.parquet"))
    assert set(tables["scope"]) == {"district", "interval"}


def test_a_run_that_is_given_is_logged_into_and_left_open(
    world: World, register: Register, client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = client.create_experiment("of the backend", artifact_location=(world.home.root / "kept").as_uri())
    for times in (1, 2):  # the second one finds the bundle registered
        given = client.create_run(experiment).info.run_id
        monkeypatch.setenv("MLFLOW_RUN_ID", given)
        register()
        run = client.get_run(given)
        assert run.info.status == "RUNNING"
        assert run.data.metrics["test_rows"] == 112
        assert client.list_artifacts(given, "bundle")
        assert len(client.search_runs([experiment])) == times
    (version,) = client.search_model_versions(f"name = '{FORECASTER_NAME}'")
    assert version.run_id != given
    assert client.get_experiment_by_name(world.config.mlflow.experiment_name) is None


def test_the_canary_that_is_promoted_is_control_and_champion(world: World, service: Path) -> None:
    canary = next(iter(read_split(service)))
    before = yaml.safe_load(service.read_text())
    assert find_champion(world.home, world.config, FORECASTER_NAME) is None
    result = CliRunner().invoke(app, ["rollout", "promote"])
    assert result.exit_code == 0
    assert f"{canary} is the champion" in result.stdout
    assert read_split(service) == {}
    assert {name: folder.name for name, folder in served_bundles(service).items()} == {"control": canary}
    assert find_champion(world.home, world.config, FORECASTER_NAME).version == canary
    after = yaml.safe_load(service.read_text())
    assert set(after["spec"]["predictor"]["model"]) == set(before["spec"]["predictor"]["model"])
    with pytest.raises(UsageError, match="no canary"):
        promote_canary(service, world.config, world.home)


def test_what_the_registry_does_not_know_is_not_promoted(world: World, service: Path, client: MlflowClient) -> None:
    before = service.read_text()
    client.delete_registered_model(FORECASTER_NAME)
    with pytest.raises(TrackingError, match="no registered version"):
        promote_canary(service, world.config, world.home)
    assert service.read_text() == before
