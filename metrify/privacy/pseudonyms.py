"""Keyed pseudonyms of meter numbers."""

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

PSEUDONYM_KEY_FILE = "pseudonyms.key"
PREFIX = "m_"
_DIGEST_BYTES = 12
_KEY_BYTES = 32


def pseudonymise(meter_number: str, key: bytes) -> str:
    """The pseudonym of one meter number: HMAC-SHA-256, cut to 96 bits, behind a prefix.

    Ninety-six bits keep the chance that two of a million meters collide below 1e-17.

    Example:
        >>> pseudonymise("1012345678901", b"key")[:2], len(pseudonymise("1012345678901", b"key"))
        ('m_', 26)
    """
    return PREFIX + hmac.new(key, meter_number.encode(), hashlib.sha256).hexdigest()[: 2 * _DIGEST_BYTES]


def pseudonyms_of(meter_numbers: Iterable[str], key: bytes) -> dict[str, str]:
    """Pseudonyms of many meter numbers, by number; what already is a pseudonym stays."""
    return {number: number if is_pseudonym(number) else pseudonymise(number, key) for number in meter_numbers}


def is_pseudonym(meter_id: str) -> bool:
    """Whether an identifier already has the form of a pseudonym."""
    digits = meter_id.removeprefix(PREFIX)
    return meter_id.startswith(PREFIX) and len(digits) == 2 * _DIGEST_BYTES and set(digits) <= set("0123456789abcdef")


def load_or_create_key(path: Path) -> bytes:
    """The pseudonym key in `path`; made from the system's random source on first use, readable by its owner alone."""
    try:
        return bytes.fromhex(path.read_text(encoding="ascii"))
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    partial.touch(mode=0o600)
    partial.write_text(secrets.token_bytes(_KEY_BYTES).hex(), encoding="ascii")
    try:
        os.link(partial, path)  # fails where another process was first: then its key counts
    except FileExistsError:
        pass
    finally:
        partial.unlink()
    return bytes.fromhex(path.read_text(encoding="ascii"))
