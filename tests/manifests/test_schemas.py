import copy
from collections.abc import Callable
from pathlib import Path

import pytest

from metrify.config import Home, default_config
from metrify.steps.render_inference_service import render_inference_service

from .files import MANIFESTS, RUNTIME, SERVICES, Document, load

RESOURCES = [RUNTIME / "serving_runtime.yaml", *(folder / "inference_service.yaml" for folder in SERVICES)]


@pytest.mark.parametrize("path", RESOURCES, ids=lambda path: path.parent.name)
def test_the_services_resources_fit_their_schemas(path: Path, require_valid: Callable[[Document], None]) -> None:
    require_valid(load(path))


def test_the_canary_fits_the_schema(require_valid: Callable[[Document], None]) -> None:
    require_valid(load(MANIFESTS / "components" / "canary" / "canary.yaml"))


@pytest.mark.parametrize("name", [folder.name for folder in SERVICES])
def test_what_the_pipeline_renders_fits_the_schema(
    name: str, tmp_path: Path, metrify_home: Path, require_valid: Callable[[Document], None]
) -> None:
    bundle, output = tmp_path / "bundle.txt", tmp_path / "isvc.yaml"
    bundle.write_text(str(tmp_path / "bundles" / name / "one"), encoding="utf-8")
    render_inference_service(bundle, output, default_config(), Home(metrify_home))
    assert load(output)["metadata"]["name"] == name
    require_valid(load(output))


@pytest.mark.parametrize("key", ["trafficPercent", "predictor"])
def test_a_canary_without_a_required_key_is_refused(key: str, require_valid: Callable[[Document], None]) -> None:
    broken = copy.deepcopy(load(MANIFESTS / "components" / "canary" / "canary.yaml"))
    del broken["spec"]["canary"][0][key]
    with pytest.raises(AssertionError, match=key):
        require_valid(broken)


def test_a_misspelt_key_is_refused(require_valid: Callable[[Document], None]) -> None:
    broken = load(RESOURCES[-1])
    broken["spec"]["predictor"]["minReplica"] = 1
    with pytest.raises(AssertionError, match="minReplica"):
        require_valid(broken)
