"""What readers get while Redis is paused or killed under load, and how soon they get values again."""

import asyncio
import time
from collections.abc import Callable

import numpy as np

from metrify.adapters.feature_answer import Status
from metrify.adapters.feature_layout import FeatureLayout
from metrify.adapters.redis_address import RedisAddress
from metrify.adapters.redis_connections import RedisConnections
from metrify.adapters.redis_features import RedisFeatureReader
from metrify.cli.bench.redis_server import RedisServer
from metrify.cli.bench.report import Row

_CLIENTS, _METERS_A_READ = 4, 10
_THINK_SECONDS = 0.002  # between two reads of a client
_CALM_SECONDS, _OUTAGE_SECONDS = 0.5, 1.0
_RECOVERY_SECONDS, _POLL_SECONDS = 3.0, 0.05  # as long as an answer is waited for, and how often one looks


class _Load:
    """Clients that read all the time; keeps when each read began, its seconds, and whether the store was asked."""

    def __init__(self, reader: RedisFeatureReader, meters: list[str]) -> None:
        self._reader, self._meters = reader, meters
        self.reads: list[tuple[float, float, bool]] = []

    async def run(self, client: int) -> None:
        generator = np.random.default_rng(client)
        while True:
            asked = [self._meters[i] for i in generator.integers(0, len(self._meters), _METERS_A_READ)]
            start = time.perf_counter()
            answer = await self._reader.read(asked)
            seconds = time.perf_counter() - start
            answered = bool((answer.status != Status.UNAVAILABLE).all())
            if not answered and answer.problems.keys() != set(asked):
                raise AssertionError("an answer without the store does not name every meter")
            self.reads.append((start, seconds, answered))
            await asyncio.sleep(_THINK_SECONDS)

    def longest_ms(self, begin: float, end: float) -> float:
        """The longest read that ran into an outage."""
        return 1000 * max(seconds for start, seconds, _ in self.reads if start + seconds >= begin and start < end)

    def refused(self, begin: float, end: float) -> int:
        """Reads without the store's answer."""
        return sum(begin <= start < end and not answered for start, _, answered in self.reads)

    def recovery_seconds(self, end: float) -> float:
        """From the end of an outage to the first answer of the store; infinite where none came."""
        return min((start + took - end for start, took, fine in self.reads if fine and start >= end), default=np.inf)


def measure_outages(server: RedisServer, layout: FeatureLayout, meters: list[str], repeats: int) -> list[Row]:
    """Pauses and kills a server under load.

    Args:
        server: Which; it is empty afterwards.
        layout: What is read.
        meters: Of whom.
        repeats: Outages of each kind.
    """
    paused = asyncio.run(_outages(server, layout, meters, server.pause, server.resume, repeats))
    killed = asyncio.run(_outages(server, layout, meters, server.kill, server.start, repeats))
    rows = []
    for name, (longest, _, refused) in (("paused", paused), ("killed", killed)):
        note = f"longest of all reads of {_CLIENTS} clients in {repeats} outages of {_OUTAGE_SECONDS:g} s; "
        note += f"{refused} reads were answered without the store, every meter named"
        rows.append(Row(f"features.redis_{name}_max_ms", longest, "ms", 50, "<=", note=note))
    note = f"longest of {2 * repeats}, until the first answer of the store"
    rows.append(Row("features.redis_recovery_seconds", max(paused[1], killed[1]), "s", 2, "<=", note=note))
    return rows


async def _outages(
    server: RedisServer,
    layout: FeatureLayout,
    meters: list[str],
    begin: Callable[[], None],
    end: Callable[[], None],
    repeats: int,
) -> tuple[float, float, int]:
    """The longest read in milliseconds, the longest recovery in seconds, and how many reads got no value."""
    reader = RedisFeatureReader(layout, RedisConnections(RedisAddress.from_url(server.url)))
    longest, recovery, refused = 0.0, 0.0, 0
    for _ in range(repeats):
        load = _Load(reader, meters)
        clients = [asyncio.create_task(load.run(client)) for client in range(_CLIENTS)]
        await asyncio.sleep(_CALM_SECONDS)
        began = time.perf_counter()
        await asyncio.to_thread(begin)
        await asyncio.sleep(_OUTAGE_SECONDS)
        await asyncio.to_thread(end)
        ended = time.perf_counter()
        while load.recovery_seconds(ended) == np.inf and time.perf_counter() < ended + _RECOVERY_SECONDS:
            await asyncio.sleep(_POLL_SECONDS)
        await asyncio.sleep(_CALM_SECONDS)  # so that reads which began in the outage end, and count
        for client in clients:
            client.cancel()
        for error in await asyncio.gather(*clients, return_exceptions=True):
            if isinstance(error, Exception):
                raise error
        longest = max(longest, load.longest_ms(began, ended))
        recovery = max(recovery, load.recovery_seconds(ended))
        refused += load.refused(began, ended)
    await reader.close()
    return longest, recovery, refused
