"""`metrify doctor` compares with the feature store what reads it, and nothing else."""

from pathlib import Path

import pandas as pd
import pytest

from metrify.adapters import materialised_readings
from metrify.adapters.materialised_readings import StoredPlace
from metrify.bundles.manifest import FORECASTER_NAME, OPTIMIZER_NAME, Tensor
from metrify.bundles.signature import load_or_create_signing_key
from metrify.bundles.write import write_bundle
from metrify.cli.doctor import _places
from metrify.config import Home, default_config
from metrify.errors import BundleError
from metrify.steps.install_service import install_service
from metrify.steps.render_inference_service import render_inference_service

from ..bundle_manifests import make_manifest, window_input

HOURLY = StoredPlace("Europe/Berlin", "DE", 696, 60, pd.Timestamp("2016-12-31", tz="UTC"), "village")


def install(home: Home, folder: Path, name: str, features: tuple[str, ...], inputs: tuple[Tensor, ...]) -> None:
    """A service of a bundle with steps of 15 minutes."""
    manifest = make_manifest(features, inputs, (0.5,), 24, name=name, version="one", resolution_minutes=15)
    bundle, model, named, rendered = (
        home.bundles / name / "one",
        *(folder / part for part in ("model", "named", "yaml")),
    )
    model.write_bytes(b"not read")
    reference = pd.DataFrame({"a": [1]})
    write_bundle(bundle, manifest, model, reference, {}, "# Card", load_or_create_signing_key(home.keys))
    named.write_text(str(bundle))
    render_inference_service(named, rendered, default_config(), home)
    install_service(rendered, home)


def test_a_controller_may_have_other_steps_than_the_store_and_a_forecaster_may_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(materialised_readings, "read_place", lambda home: HOURLY)
    home = Home(tmp_path / "home")
    install(home, tmp_path, OPTIMIZER_NAME, (), (Tensor(name="view", shape=(-1, 3), unit="1"),))
    assert "village" in _places(home)
    install(home, tmp_path, FORECASTER_NAME, ("load_window@2",), (window_input(24),))
    with pytest.raises(BundleError, match="reads intervals of 15 minutes"):
        _places(home)
