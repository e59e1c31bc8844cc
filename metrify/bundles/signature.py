"""Ed25519 signatures over the digests of a bundle's files."""

import base64
import hashlib
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from metrify.bundles.manifest import OPTIONAL_FILES, SIGNATURE_FILE, SIGNED_FILES
from metrify.errors import BundleError

PRIVATE_KEY_FILE = "bundle_signing.pem"
PUBLIC_KEY_FILE = "bundle_signing.pub.pem"


def load_or_create_signing_key(folder: Path) -> Ed25519PrivateKey:
    """The signing key in `folder`; made on first use, with the public key beside it."""
    path = folder / PRIVATE_KEY_FILE
    if not path.exists():
        _create_key(path)
    key = _read_private_key(path)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    public_path = folder / PUBLIC_KEY_FILE
    if not public_path.exists():
        public_path.write_bytes(public)
    return key


def _create_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    partial.touch(mode=0o600)
    partial.write_bytes(Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with suppress(FileExistsError):  # where another process was first, its key counts
        os.link(partial, path)
    partial.unlink()


def _read_private_key(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except ValueError as error:
        raise BundleError(f"{path} is no private key.", "Remove it; a new one is made on the next run.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BundleError(f"{path} is no Ed25519 key.", "Remove it; a new one is made on the next run.")
    return key


def load_public_key(path: Path) -> Ed25519PublicKey:
    """The key that a server trusts.

    Raises:
        BundleError: The file is missing or holds no Ed25519 public key.
    """
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise BundleError(
            f"The trusted key {path} can't be read.",
            "Name the public key of the signer; `metrify train` makes one of its own on first use.",
        ) from error
    if not isinstance(key, Ed25519PublicKey):
        raise BundleError(f"{path} is no Ed25519 public key.", "Name the public key of the signer.")
    return key


def sign_folder(folder: Path, key: Ed25519PrivateKey) -> None:
    """Writes `signature.json`: each file's SHA-256 and one signature over them all."""
    present = [name for name in OPTIONAL_FILES if (folder / name).is_file()]
    digests = _digests(folder, [*SIGNED_FILES, *present])
    signature = base64.b64encode(key.sign(_payload(digests))).decode()
    text = json.dumps({"algorithm": "ed25519", "sha256": digests, "signature": signature}, indent=2)
    (folder / SIGNATURE_FILE).write_text(text + "\n", encoding="utf-8")


def verify_folder(folder: Path, key: Ed25519PublicKey) -> None:
    """Checks a bundle before anything in it is parsed.

    Raises:
        BundleError: It is unsigned, a file is missing, changed or added, or the signer is not the trusted one.
    """
    mend = "Write the bundle again with `metrify train`, or trust its signer's key."
    try:
        listed = json.loads((folder / SIGNATURE_FILE).read_text(encoding="utf-8"))
        digests, signature = dict(listed["sha256"]), base64.b64decode(listed["signature"])
    except FileNotFoundError as error:
        raise BundleError(f"The bundle {folder} is unsigned or missing.", mend) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BundleError(f"The signature of the bundle {folder} can't be read.", mend) from error
    found = {entry.name for entry in os.scandir(folder)} - {SIGNATURE_FILE}
    expected = set(SIGNED_FILES) | (set(digests) & set(OPTIONAL_FILES))  # one that was signed can't be left out
    if found != expected or set(digests) != expected:
        odd = ", ".join(sorted(found ^ expected)) or SIGNATURE_FILE
        raise BundleError(f"The bundle {folder} has missing or foreign files: {odd}.", mend)
    if _digests(folder, digests) != digests:
        raise BundleError(f"A file of the bundle {folder} was changed after it was signed.", mend)
    try:
        key.verify(signature, _payload(digests))
    except InvalidSignature as error:
        raise BundleError(f"The bundle {folder} was not signed by the trusted key.", mend) from error


def _digests(folder: Path, names: Iterable[str]) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}


def _payload(digests: dict[str, str]) -> bytes:
    return json.dumps(digests, sort_keys=True).encode()
