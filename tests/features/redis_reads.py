"""Meters whose one feature is their own number, so that a value which belongs to another meter is seen."""

import asyncio
import struct
from collections.abc import Awaitable, Callable

import numpy as np

from metrify.adapters.feature_answer import FeatureAnswer, Status
from metrify.adapters.feature_layout import FeatureLayout, StoredFeature
from metrify.adapters.redis_address import RedisAddress
from metrify.adapters.redis_codec import entity_key, entity_key_prefix, hash_field, pack_command, time_field
from metrify.adapters.redis_connections import RedisConnections
from metrify.adapters.redis_features import RedisFeatureReader
from metrify.cli.bench.redis_server import RedisServer

LAYOUT = FeatureLayout("metrify", "meter_id", [StoredFeature("view", "number", float, np.inf)])
METERS = [f"m_{number:02d}" for number in range(40)]
EVENT = b"\x08\x01"  # one second after 1970 began
PATIENT = 20.0  # seconds: a deadline that a busy machine keeps too


async def fill(connections: RedisConnections) -> None:
    """The value of meter 7 is 7."""
    commands = [
        pack_command(
            b"HSET",
            entity_key(entity_key_prefix("meter_id"), meter, b"metrify"),
            hash_field("view", "number"),
            b"\x35" + struct.pack("<f", number),
            time_field("view"),
            EVENT,
        )
        for number, meter in enumerate(METERS)
    ]
    await connections.fetch(b"".join(commands), len(commands), asyncio.get_running_loop().time() + PATIENT)


def run(
    server: RedisServer,
    use: Callable[[RedisFeatureReader], Awaitable[None]],
    deadline_seconds: float = PATIENT,
    size: int = 16,
    url: str | None = None,
    **arguments,
) -> None:
    async def main() -> None:
        connections = RedisConnections(RedisAddress.from_url(url or server.url), size)
        reader = RedisFeatureReader(LAYOUT, connections, deadline_seconds=deadline_seconds, **arguments)
        try:
            await asyncio.wait_for(use(reader), 60)
        finally:
            await reader.close()

    async def prepare() -> None:
        connections = RedisConnections(RedisAddress.from_url(server.url))
        await fill(connections)
        await connections.close()

    if url is None:
        asyncio.run(prepare())
    asyncio.run(main())


def require_own_values(answer: FeatureAnswer) -> None:
    """Each meter has its own value or, named, none."""
    expected = np.array([float(meter.removeprefix("m_")) for meter in answer.entities])
    expected[answer.status[:, 0] != Status.FRESH] = np.nan
    np.testing.assert_array_equal(answer.numbers[:, 0], expected)
