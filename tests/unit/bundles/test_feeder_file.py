"""The feeder in the bundle of a controller: optional, but signed where it is there."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from metrify.bundles.load import load_bundle
from metrify.bundles.manifest import FEEDER_FILE
from metrify.errors import BundleError

Write = Callable[..., Path]
TEXT = '{"version": 1, "loads": [{"name": "load", "shiftable_kw": 3.0}]}'


def test_what_is_written_is_loaded(write: Write, key: Ed25519PrivateKey) -> None:
    assert load_bundle(write(feeder=TEXT), key.public_key()).feeder_text() == TEXT


def test_a_bundle_of_another_task_has_none(write: Write, key: Ed25519PrivateKey) -> None:
    assert load_bundle(write(), key.public_key()).feeder_text() is None


def test_it_can_t_be_changed_left_out_or_put_in(write: Write, key: Ed25519PrivateKey) -> None:
    path = write(feeder=TEXT) / FEEDER_FILE
    path.write_text(TEXT.replace("3.0", "9.0"))
    with pytest.raises(BundleError, match="changed after it was signed"):
        load_bundle(path.parent, key.public_key())
    path.unlink()
    with pytest.raises(BundleError, match=f"missing or foreign files: {FEEDER_FILE}"):
        load_bundle(path.parent, key.public_key())
    path = write() / FEEDER_FILE
    path.write_text(TEXT)
    with pytest.raises(BundleError, match=f"missing or foreign files: {FEEDER_FILE}"):
        load_bundle(path.parent, key.public_key())
