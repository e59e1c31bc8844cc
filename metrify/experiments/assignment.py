"""Sticky assignment of meters to variants by salted hash.

A meter's point in [0, 1) depends on the salt and the meter alone. Variants take adjacent intervals from 0 upwards, so
raising a canary's percentage only adds meters to it.
"""

import hashlib
from collections.abc import Mapping, Sequence

from metrify.errors import ConfigError

CONTROL = "control"
_HASH_BYTES = 8


def assignment_point(meter_id: str, salt: str) -> float:
    """The meter's place in [0, 1), uniform over meters."""
    key = hashlib.blake2b(salt.encode()).digest()  # a salt of any length counts as a whole
    digest = hashlib.blake2b(meter_id.encode(), digest_size=_HASH_BYTES, key=key).digest()
    return int.from_bytes(digest, "big") / 2 ** (8 * _HASH_BYTES)


def assign(meter_ids: Sequence[str], salt: str, canary_percent: Mapping[str, int]) -> list[str]:
    """The variant of each meter.

    Args:
        meter_ids: Pseudonymous meters.
        salt: Salt of the experiment; another salt draws anew.
        canary_percent: Percentage of each canary by name, in their order; the rest is `CONTROL`.

    Raises:
        ConfigError: A percentage is negative, or they sum above 100.
    """
    if any(percent < 0 for percent in canary_percent.values()) or sum(canary_percent.values()) > 100:
        raise ConfigError(f"The canary percentages {dict(canary_percent)} don't fit.", "Use 0 to 100 in all.")
    return [_variant(assignment_point(meter_id, salt) * 100, canary_percent) for meter_id in meter_ids]


def _variant(point: float, canary_percent: Mapping[str, int]) -> str:
    upper = 0.0
    for name, percent in canary_percent.items():
        upper += percent
        if point < upper:
            return name
    return CONTROL
