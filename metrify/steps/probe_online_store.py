"""Asks the online store for something, to see whether it answers."""

import time
from dataclasses import dataclass

from metrify.adapters.feature_store import OnlineWindowReader
from metrify.adapters.redis_address import RedisAddress
from metrify.config import Home

_NOBODY = "m_nobody"


@dataclass(frozen=True)
class OnlineStoreAnswer:
    """An online store that answered.

    Attributes:
        place: What it is and where, without what is needed to log in.
        milliseconds: How long the second of two reads of one meter took; the first one connects.
    """

    place: str
    milliseconds: float


def probe_online_store(home: Home) -> OnlineStoreAnswer:
    """Reads a meter that does not exist.

    Raises:
        FeatureStoreError: No feature was registered yet, or the online store does not answer.
        ConfigError: METRIFY_REDIS_URL is no Redis address.
    """
    reader = OnlineWindowReader(home)
    reader.read([_NOBODY])
    begin = time.perf_counter()
    reader.read([_NOBODY])
    return OnlineStoreAnswer(online_place(home), 1000 * (time.perf_counter() - begin))


def online_place(home: Home) -> str:
    """What the online store of a home is and where.

    Raises:
        ConfigError: METRIFY_REDIS_URL is no Redis address.
    """
    address = RedisAddress.from_environment()
    return f"SQLite in {home.feature_store}" if address is None else f"Redis at {address}"
