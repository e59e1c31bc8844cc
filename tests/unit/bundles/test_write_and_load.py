import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from metrify.bundles.load import load_bundle
from metrify.bundles.manifest import MANIFEST_FILE, SIGNATURE_FILE, SIGNED_FILES, BundleManifest
from metrify.bundles.signature import sign_folder
from metrify.errors import BundleError
from metrify.features.specification import FEATURES

Write = Callable[..., Path]


def test_what_is_written_is_loaded(write: Write, manifest: BundleManifest, key: Ed25519PrivateKey) -> None:
    bundle = load_bundle(write(), key.public_key())
    assert bundle.manifest == manifest
    assert bundle.features == FEATURES
    assert bundle.model_path.read_bytes() == b"a graph"
    assert bundle.drift_reference()["change_log_mean"].tolist() == [0.1, -0.2]
    assert bundle.thresholds() == {"limit": 1.5}
    assert bundle.manifest.context.sequence_length == 672


def test_a_bundle_is_a_folder_of_five_files_and_nothing_else(write: Write, tmp_path: Path) -> None:
    folder = write()
    assert {path.name for path in folder.iterdir()} == {*SIGNED_FILES, SIGNATURE_FILE}
    assert list(folder.parent.iterdir()) == [folder]
    assert (tmp_path / "trained.onnx").exists()


def test_a_bundle_replaces_the_one_before_it(write: Write, key: Ed25519PrivateKey) -> None:
    write(thresholds={"limit": 1})
    assert load_bundle(write(thresholds={"limit": 2}), key.public_key()).thresholds() == {"limit": 2}


def test_a_write_that_fails_leaves_nothing(write: Write, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        write(thresholds={"limit": object()})
    assert not list((tmp_path / "bundles").iterdir())


def test_a_write_that_fails_leaves_the_bundle_before_it(write: Write, key: Ed25519PrivateKey) -> None:
    folder = write()
    with pytest.raises(TypeError):
        write(thresholds={"limit": object()})
    assert load_bundle(folder, key.public_key()).thresholds() == {"limit": 1.5}
    assert list(folder.parent.iterdir()) == [folder]


@pytest.mark.parametrize("labels", [("load_window@1",), ("load_window@2", "lag_24h@7")])
def test_a_feature_that_this_code_lacks_is_named(write: Write, key: Ed25519PrivateKey, labels: tuple[str, ...]) -> None:
    with pytest.raises(BundleError, match=rf"can't compute the feature\(s\) {labels[-1]};"):
        load_bundle(write(features=labels), key.public_key())


def test_another_definition_under_the_same_labels_is_refused(write: Write, key: Ed25519PrivateKey) -> None:
    with pytest.raises(BundleError, match="another definition of load_window@2"):
        load_bundle(write(feature_spec_hash="0" * 64), key.public_key())


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"horizon": 24}, "horizon"),
        ({"quantiles": "half"}, "quantiles"),
        ({"task": "telepathy"}, "task"),
        ({"inputs": [{"name": "x", "dtype": "FP64", "shape": [1], "unit": "1"}]}, r"inputs\.0\.dtype"),
    ],
)
def test_a_manifest_in_another_form_is_refused_by_key(
    write: Write, key: Ed25519PrivateKey, changes: dict[str, object], named: str
) -> None:
    path = write() / MANIFEST_FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    sign_folder(path.parent, key)
    with pytest.raises(BundleError, match=rf"not in the contract's form: {named}\."):
        load_bundle(path.parent, key.public_key())


def test_a_missing_bundle_is_named(tmp_path: Path, key: Ed25519PrivateKey) -> None:
    with pytest.raises(BundleError, match=r"There is no bundle .*absent") as raised:
        load_bundle(tmp_path / "absent", key.public_key())
    assert "metrify train" in raised.value.mend
