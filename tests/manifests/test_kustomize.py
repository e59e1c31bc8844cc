import os
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from inference_services.manifest import read_manifest

from .files import MANIFESTS, OVERLAYS, SERVICES, Document

Build = Callable[[Path], list[Document]]
NAMES = [folder.name for folder in SERVICES]


def by_name(documents: list[Document]) -> dict[tuple[str, str], Document]:
    """Documents by kind and name."""
    return {(document["kind"], document["metadata"]["name"]): document for document in documents}


def with_canary(folder: Path) -> Path:
    """A kustomization in `folder` like an overlay that takes the canary."""
    base, canary = (os.path.relpath(MANIFESTS / name, folder.resolve()) for name in ("base", "components/canary"))
    kustomization = {"namespace": "somewhere", "resources": [base], "components": [canary]}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization), encoding="utf-8")
    return folder


def images(service: Document, runtime: Document) -> set[str]:
    containers = [*service["spec"]["transformer"]["containers"], *runtime["spec"]["containers"]]
    return {container["image"] for container in containers}


def test_the_overlays_are_the_three_stages() -> None:
    assert [folder.name for folder in OVERLAYS] == ["dev", "prod", "staging"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("overlay", OVERLAYS, ids=lambda folder: folder.name)
def test_an_overlay_sets_namespace_version_and_size(
    overlay: Path, name: str, build: Build, require_valid: Callable[[Document], None]
) -> None:
    documents = build(overlay)
    found = by_name(documents)
    service, runtime = found["InferenceService", name], found["ServingRuntime", "metrify-onnx"]
    assert service["spec"]["predictor"]["model"]["runtime"] == runtime["metadata"]["name"]
    assert {document["metadata"]["namespace"] for document in documents} == {f"metrify-{overlay.name}"}
    assert all(document["metadata"]["labels"]["app.kubernetes.io/part-of"] == "metrify" for document in documents)
    assert images(service, runtime) == {"metrify-serving:0.1.0"}
    scale = {patch["path"]: patch["value"] for patch in yaml.safe_load((overlay / "scale.yaml").read_text())}
    assert service["spec"]["predictor"]["minReplicas"] == scale["/spec/predictor/minReplicas"]
    assert service["spec"]["predictor"]["model"]["resources"] == scale["/spec/predictor/model/resources"]
    assert service["spec"]["transformer"]["maxReplicas"] == scale["/spec/transformer/maxReplicas"]
    assert service["spec"]["transformer"]["containers"][0]["name"] == "kserve-container"
    require_valid(service)
    require_valid(runtime)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("overlay", OVERLAYS, ids=lambda folder: folder.name)
def test_the_transformer_finds_its_manifest_in_the_mounted_config_map(
    overlay: Path, name: str, build: Build, tmp_path: Path
) -> None:
    found = by_name(build(overlay))
    transformer = found["InferenceService", name]["spec"]["transformer"]
    mounts = {mount["mountPath"]: mount["name"] for mount in transformer["containers"][0]["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in transformer["volumes"]}
    config_map = volumes[mounts["/etc/metrify/service"]]["configMap"]["name"]
    mounted = tmp_path / "inference_service.yaml"
    mounted.write_text(found["ConfigMap", config_map]["data"][mounted.name], encoding="utf-8")
    assert (read_manifest(mounted).name, read_manifest(mounted).canary_percent) == (name, {})


def test_the_canary_reaches_the_control_plane_and_the_transformer_alike(
    build: Build, tmp_path: Path, require_valid: Callable[[Document], None]
) -> None:
    found = by_name(build(with_canary(tmp_path)))
    service = found["InferenceService", "load-forecaster"]
    assert "canary" not in found["InferenceService", "anomaly-detector"]["spec"]
    assert service["metadata"]["annotations"]["serving.kserve.io/deploymentMode"] == "Standard"
    assert service["spec"]["predictor"]["model"]["storageUri"].endswith("/current")
    assert "canaryTrafficPercent" not in service["spec"]["predictor"]
    (canary,) = service["spec"]["canary"]
    assert canary["trafficPercent"] == 20
    mounted = tmp_path / "mounted.yaml"
    mounted.write_text(
        found["ConfigMap", "load-forecaster-service"]["data"]["inference_service.yaml"], encoding="utf-8"
    )
    split = read_manifest(mounted)
    assert split.canary_percent == {canary["predictor"]["name"]: 20}
    assert split.salt == service["metadata"]["annotations"]["metrify.io/assignment-salt"]
    require_valid(service)
