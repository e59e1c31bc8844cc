"""Two services are installed, and commands find the one that is meant."""

import json
from pathlib import Path

import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner, Result

from metrify.adapters.registry import list_bundles
from metrify.adapters.tracked_run import TrainingRecord
from metrify.adapters.tracking import register_bundle
from metrify.bundles.manifest import DETECTOR_NAME, FORECASTER_NAME
from metrify.bundles.signature import load_or_create_signing_key
from metrify.bundles.write import write_bundle
from metrify.cli.main import app
from metrify.config import Home, default_config
from metrify.errors import BundleError, ServiceError, UsageError
from metrify.steps.install_service import install_first_service, install_service, service_path
from metrify.steps.render_inference_service import render_inference_service
from metrify.steps.rollout import read_split, served_bundles

from ..bundle_manifests import make_manifest, window_input

NAMES = (FORECASTER_NAME, DETECTOR_NAME)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def home(metrify_home: Path, tmp_path: Path) -> Home:
    """Each service with the first of its two bundles."""
    home, model = Home(metrify_home), tmp_path / "model.onnx"
    key, reference = load_or_create_signing_key(home.keys), pd.DataFrame({"a": [1]})
    model.write_bytes(b"not read")
    for name in NAMES:
        for version in ("first", "second"):
            manifest = make_manifest(("load_window@2",), (window_input(24),), (0.5,), 24, name=name, version=version)
            folder = home.bundles / name / f"{name}-{version}"
            write_bundle(folder, manifest, model, reference, {}, "# Card", key)
        named, rendered = tmp_path / "named", tmp_path / "rendered.yaml"
        named.write_text(str(home.bundles / name / f"{name}-first"))
        render_inference_service(named, rendered, default_config(), home)
        assert install_first_service(rendered, home) == (service_path(home, name), True)
        assert install_first_service(rendered, home) == (service_path(home, name), False)
    return home


@pytest.mark.parametrize("name", NAMES)
def test_each_service_serves_the_bundle_of_its_name(home: Home, name: str) -> None:
    path = service_path(home, name)
    assert yaml.safe_load(path.read_text())["metadata"]["name"] == name
    assert served_bundles(path)["control"] == home.bundles / name / f"{name}-first"


def test_a_canary_goes_to_the_service_of_its_bundles_name(home: Home) -> None:
    assert run("rollout", "start", f"{DETECTOR_NAME}-second").exit_code == 0
    assert read_split(service_path(home)) == {}
    assert list(read_split(service_path(home, DETECTOR_NAME)).values()) == [20]
    assert run("rollout", "set", "70", "--service", DETECTOR_NAME).exit_code == 0
    told = json.loads(run("rollout", "status", "--service", DETECTOR_NAME, "--json").stdout)
    assert [row["percent"] for row in told["split"]] == [30, 70]
    assert json.loads(run("rollout", "status", "--json").stdout) == told  # it alone has a canary
    assert run("rollout", "start", f"{FORECASTER_NAME}-second").exit_code == 0
    assert "--service" in str(run("rollout", "stop").exception)  # both have one
    assert run("rollout", "stop", "--service", DETECTOR_NAME).exit_code == 0
    assert read_split(service_path(home, DETECTOR_NAME)) == {}
    assert run("rollout", "stop").exit_code == 0
    assert json.loads(run("rollout", "status", "--json").stdout)["other_bundles"] == [f"{FORECASTER_NAME}-second"]


def test_a_bundle_of_another_place_is_served_in_the_place_of_the_control_and_not_beside_it(
    home: Home, tmp_path: Path
) -> None:
    folder, settings = home.bundles / DETECTOR_NAME / f"{DETECTOR_NAME}-abroad", default_config()
    names = {"name": DETECTOR_NAME, "version": folder.name}
    manifest = make_manifest(("load_window@2",), (window_input(24),), (0.5,), 24, **names)
    abroad = manifest.model_copy(update={"timezone": "Europe/Lisbon", "country": "PT"})
    key, reference = load_or_create_signing_key(home.keys), pd.DataFrame({"a": [1]})
    (tmp_path / "abroad.onnx").write_bytes(b"not read")
    write_bundle(folder, abroad, tmp_path / "abroad.onnx", reference, {}, "# Card", key)
    register_bundle(home, settings, DETECTOR_NAME, folder, TrainingRecord({}, {}), {"version": folder.name})
    refused = run("rollout", "start", folder.name).exception
    assert isinstance(refused, UsageError) and f"rollout promote {folder.name}" in refused.mend
    assert run("rollout", "promote", folder.name, "--service", FORECASTER_NAME).exit_code != 0
    assert run("rollout", "promote", folder.name).exit_code == 0
    assert served_bundles(service_path(home, DETECTOR_NAME)) == {"control": folder}
    assert [found.version for found in list_bundles(home, settings, DETECTOR_NAME) if found.is_champion] == [
        folder.name
    ]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("rollout", "start", "*"), BundleError),
        (("rollout", "set", "5", "--service", "nobody"), ServiceError),
        (("serve", "--service", "nobody"), ServiceError),
        (("serve", "some.yaml", "--service", DETECTOR_NAME), UsageError),
    ],
)
def test_what_is_not_there_is_named(home: Home, arguments: tuple[str, ...], error: type[Exception]) -> None:
    assert isinstance(run(*arguments).exception, error)


def test_a_new_rendering_takes_the_place_of_its_own_service_alone(home: Home, tmp_path: Path) -> None:
    before = service_path(home).read_text()
    named, rendered = tmp_path / "named", tmp_path / "rendered.yaml"
    named.write_text(str(home.bundles / DETECTOR_NAME / f"{DETECTOR_NAME}-second"))
    render_inference_service(named, rendered, default_config(), home)
    install_service(rendered, home)
    assert served_bundles(service_path(home, DETECTOR_NAME))["control"].name == f"{DETECTOR_NAME}-second"
    assert service_path(home).read_text() == before
