"""The cold-start profile in a bundle: optional, but signed where it is there."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from metrify.bundles.load import load_bundle
from metrify.bundles.manifest import COLD_START_FILE
from metrify.bundles.signature import sign_folder
from metrify.errors import BundleError
from metrify.features.cold_start import ColdStartProfile

Write = Callable[..., Path]
PROFILE = ColdStartProfile(resolution_minutes=60, min_days=2, relative_load=((0.5, 1.5) * 12, (1.0,) * 24))


def test_what_is_written_is_loaded(write: Write, key: Ed25519PrivateKey) -> None:
    assert load_bundle(write(cold_start=PROFILE), key.public_key()).cold_start == PROFILE


def test_a_bundle_without_one_still_loads(write: Write, key: Ed25519PrivateKey) -> None:
    assert load_bundle(write(), key.public_key()).cold_start is None


def test_it_can_t_be_changed_left_out_or_put_in(write: Write, key: Ed25519PrivateKey) -> None:
    path = write(cold_start=PROFILE) / COLD_START_FILE
    text = path.read_text()
    path.write_text(text.replace("0.5", "0.6"))
    with pytest.raises(BundleError, match="changed after it was signed"):
        load_bundle(path.parent, key.public_key())
    path.unlink()
    with pytest.raises(BundleError, match=f"missing or foreign files: {COLD_START_FILE}"):
        load_bundle(path.parent, key.public_key())
    path = write() / COLD_START_FILE
    path.write_text(text)
    with pytest.raises(BundleError, match=f"missing or foreign files: {COLD_START_FILE}"):
        load_bundle(path.parent, key.public_key())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "is no profile"),
        (json.dumps({**PROFILE.model_dump(), "relative_load": [[1.0]]}), "must be 2 days of 24 values"),
        (
            ColdStartProfile(resolution_minutes=30, min_days=1, relative_load=((1.0,) * 48,) * 2).model_dump_json(),
            "intervals of 30 minutes, and the model those of 60",
        ),
    ],
)
def test_one_that_does_not_fit_is_refused(write: Write, key: Ed25519PrivateKey, text: str, problem: str) -> None:
    path = write(cold_start=PROFILE) / COLD_START_FILE
    path.write_text(text)
    sign_folder(path.parent, key)
    with pytest.raises(BundleError, match=problem):
        load_bundle(path.parent, key.public_key())
