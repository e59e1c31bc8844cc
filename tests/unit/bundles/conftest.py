"""A manifest, and a writer of signed bundles."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from metrify.bundles.manifest import BundleManifest
from metrify.bundles.write import write_bundle
from metrify.features.cold_start import ColdStartProfile
from metrify.features.specification import FEATURES

from ...bundle_manifests import make_manifest, window_input


@pytest.fixture
def key() -> Ed25519PrivateKey:
    """The signer's key."""
    return Ed25519PrivateKey.generate()


@pytest.fixture
def manifest() -> BundleManifest:
    """What a small forecaster's `bundle.json` says."""
    features = tuple(feature.label for feature in FEATURES)
    version, metrics = "gru-0123456789", {"wape": 0.2}
    return make_manifest(features, (window_input(672),), (0.1, 0.5, 0.9), 672, version=version, metrics=metrics)


@pytest.fixture
def write(tmp_path: Path, manifest: BundleManifest, key: Ed25519PrivateKey) -> Callable[..., Path]:
    """Writes a bundle and returns its folder; all that can be changed is a keyword."""

    def write_one(
        thresholds: object = None,
        signer: Ed25519PrivateKey = key,
        cold_start: ColdStartProfile | None = None,
        feeder: str | None = None,
        **changes: object,
    ) -> Path:
        model, folder = tmp_path / "trained.onnx", tmp_path / "bundles" / "one"
        model.write_bytes(b"a graph")
        said = manifest.model_copy(update=changes)
        reference = pd.DataFrame({"change_log_mean": [0.1, -0.2]})
        limits = {"limit": 1.5} if thresholds is None else thresholds
        write_bundle(folder, said, model, reference, limits, "# Card", signer, cold_start, feeder)
        return folder

    return write_one
