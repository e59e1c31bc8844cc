import copy
from collections.abc import Callable
from pathlib import Path

import pytest

from metrify.config import Home, default_config
from metrify.steps.render_inference_service import render_inference_service

from .files import MANIFESTS, SERVICE, Document, load

RESOURCES = ["inference_service.yaml", "serving_runtime.yaml"]


@pytest.mark.parametrize("name", RESOURCES)
def test_the_services_resources_fit_their_schemas(name: str, require_valid: Callable[[Document], None]) -> None:
    require_valid(load(SERVICE / name))


def test_the_canary_fits_the_schema(require_valid: Callable[[Document], None]) -> None:
    require_valid(load(MANIFESTS / "components" / "canary" / "canary.yaml"))


def test_what_the_pipeline_renders_fits_the_schema(
    tmp_path: Path, metrify_home: Path, require_valid: Callable[[Document], None]
) -> None:
    bundle, output = tmp_path / "bundle.txt", tmp_path / "isvc.yaml"
    bundle.write_text(str(tmp_path / "bundles" / "load-forecaster" / "one"), encoding="utf-8")
    render_inference_service(bundle, output, default_config(), Home(metrify_home))
    require_valid(load(output))


@pytest.mark.parametrize("key", ["trafficPercent", "predictor"])
def test_a_canary_without_a_required_key_is_refused(key: str, require_valid: Callable[[Document], None]) -> None:
    broken = copy.deepcopy(load(MANIFESTS / "components" / "canary" / "canary.yaml"))
    del broken["spec"]["canary"][0][key]
    with pytest.raises(AssertionError, match=key):
        require_valid(broken)


def test_a_misspelt_key_is_refused(require_valid: Callable[[Document], None]) -> None:
    broken = load(SERVICE / "inference_service.yaml")
    broken["spec"]["predictor"]["minReplica"] = 1
    with pytest.raises(AssertionError, match="minReplica"):
        require_valid(broken)
