import base64
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from metrify.bundles.load import load_bundle
from metrify.bundles.manifest import SIGNATURE_FILE, SIGNED_FILES
from metrify.bundles.signature import (
    PRIVATE_KEY_FILE,
    PUBLIC_KEY_FILE,
    load_or_create_signing_key,
    load_public_key,
    sign_folder,
)
from metrify.errors import BundleError

Write = Callable[..., Path]


def refusal(folder: Path, key: Ed25519PrivateKey) -> str:
    with pytest.raises(BundleError) as raised:
        load_bundle(folder, key.public_key())
    assert raised.value.mend
    assert str(folder) in raised.value.problem
    return raised.value.problem


@pytest.mark.parametrize("name", SIGNED_FILES)
@pytest.mark.parametrize("place", [0, -1])
def test_a_changed_byte_is_found_in_every_file(write: Write, key: Ed25519PrivateKey, name: str, place: int) -> None:
    path = write() / name
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    assert "changed after it was signed" in refusal(path.parent, key)


@pytest.mark.parametrize("name", SIGNED_FILES)
def test_a_missing_file_is_named(write: Write, key: Ed25519PrivateKey, name: str) -> None:
    folder = write()
    (folder / name).unlink()
    assert f"missing or foreign files: {name}." in refusal(folder, key)


@pytest.mark.parametrize("name", ["model.pkl", ".hidden", "extra.json"])
def test_a_foreign_file_is_named(write: Write, key: Ed25519PrivateKey, name: str) -> None:
    folder = write()
    (folder / name).touch()
    assert f"missing or foreign files: {name}." in refusal(folder, key)


def test_an_unsigned_bundle_is_refused(write: Write, key: Ed25519PrivateKey) -> None:
    folder = write()
    (folder / SIGNATURE_FILE).unlink()
    assert "unsigned" in refusal(folder, key)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"sha256": {}}', '{"sha256": 3, "signature": ""}', "\x00"])
def test_a_signature_that_is_none_is_refused(write: Write, key: Ed25519PrivateKey, text: str) -> None:
    folder = write()
    (folder / SIGNATURE_FILE).write_text(text)
    assert "can't be read" in refusal(folder, key)


def test_another_signer_is_refused(write: Write, key: Ed25519PrivateKey) -> None:
    assert "not signed by the trusted key" in refusal(write(signer=Ed25519PrivateKey.generate()), key)


def test_digests_without_the_signer_are_worth_nothing(write: Write, key: Ed25519PrivateKey) -> None:
    folder = write()
    (folder / "model.onnx").write_bytes(b"another graph")
    sign_folder(folder, Ed25519PrivateKey.generate())  # the digests fit now
    assert "not signed by the trusted key" in refusal(folder, key)


@pytest.mark.parametrize("change", [{}, {"other.bin": "0" * 64}])
def test_the_list_must_be_of_just_the_files(write: Write, key: Ed25519PrivateKey, change: dict[str, str]) -> None:
    folder = write()
    digests = {**json.loads((folder / SIGNATURE_FILE).read_text())["sha256"], **change}
    if not change:
        del digests["model.onnx"]
    payload = json.dumps(digests, sort_keys=True).encode()
    signature = base64.b64encode(key.sign(payload)).decode()
    (folder / SIGNATURE_FILE).write_text(json.dumps({"sha256": digests, "signature": signature}))
    assert "missing or foreign files" in refusal(folder, key)


def test_a_signing_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    key = load_or_create_signing_key(tmp_path / "keys")
    assert load_or_create_signing_key(tmp_path / "keys").private_bytes_raw() == key.private_bytes_raw()
    assert load_public_key(tmp_path / "keys" / PUBLIC_KEY_FILE) == key.public_key()
    assert stat.S_IMODE((tmp_path / "keys" / PRIVATE_KEY_FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [None, b"", b"no key", "private"])
def test_a_public_key_that_is_none_is_refused(tmp_path: Path, content: object) -> None:
    path = tmp_path / "key.pem"
    if content == "private":
        key = Ed25519PrivateKey.generate()
        content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BundleError, match=r"key\.pem can't be read") as raised:
        load_public_key(path)
    assert raised.value.mend


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    key = generate_private_key(SECP256R1())
    (tmp_path / PRIVATE_KEY_FILE).write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / PUBLIC_KEY_FILE).write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    with pytest.raises(BundleError, match="no Ed25519 key"):
        load_or_create_signing_key(tmp_path)
    with pytest.raises(BundleError, match="no Ed25519 public key"):
        load_public_key(tmp_path / PUBLIC_KEY_FILE)
