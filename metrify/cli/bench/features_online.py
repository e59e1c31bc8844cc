"""The online store's latency: our reader beside Feast's on one Redis over the loopback, pushes, and outages."""

import asyncio
import gc
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from metrify.adapters.feature_cache import FeatureCache
from metrify.adapters.feature_layout import FeatureLayout, StoredRow, registered_layout
from metrify.adapters.feature_repository import CONNECTION_VARIABLE, STORE_VARIABLE
from metrify.adapters.redis_address import REDIS_VARIABLE, RedisAddress
from metrify.adapters.redis_codec import pack_command
from metrify.adapters.redis_connections import RedisConnections
from metrify.adapters.redis_features import RedisFeatureReader
from metrify.adapters.wide_store import make_wide_store, wide_references
from metrify.cli.bench.redis_outage import measure_outages
from metrify.cli.bench.redis_pushes import measure_pushes
from metrify.cli.bench.redis_server import RedisServer
from metrify.cli.bench.report import Row
from metrify.config import Home

_FEATURES, _METERS = 50, 1_000
_CHUNK = 50  # meters of one read while the cache is filled
_READS = {1: 2_400, 50: 600}  # of each reader, by the meters of one read
_BLOCKS = 3  # the readers take turns, so that what else the machine does meets both
_PUSHES = 300
_PING, _PATIENCE_SECONDS = pack_command(b"PING"), 10
_TARGETS_MS = {1: 1.0, 50: 5.0}
_PEER = "Feast get_online_features"


def measure_online_features(quick: bool, tell: Callable[[str], None]) -> list[Row]:
    """Measures reads, pushes and outages.

    Args:
        quick: A tenth of the meters, reads and pushes, and one outage of each kind.
        tell: Where progress goes.
    """
    share = 10 if quick else 1
    with tempfile.TemporaryDirectory() as folder, RedisServer() as server, _environment(server, Path(folder)) as home:
        meters = [f"meter-{number:04d}" for number in range(_METERS // share)]
        address = RedisAddress.from_url(server.url)
        tell(f"{len(meters)} meters with {_FEATURES} features, written by Feast to a Redis on the loopback")
        store = make_wide_store(Path(folder), address, meters, _FEATURES)
        references = wide_references(_FEATURES)
        layout = registered_layout(store, references)

        def ask_feast(asked: list[str]) -> None:
            store.get_online_features(references, [{"meter_id": meter} for meter in asked])

        ask_feast(meters[:1])
        gc.collect()
        gc.freeze()  # as the transformer does, so that no full collection of Feast's objects falls on a read of either
        rows = []
        for size, reads in _READS.items():
            tell(f"{reads // share} reads of {_FEATURES} features of {size}, each reader")
            rows += asyncio.run(_measure_reads(layout, address, ask_feast, meters, size, reads // share))
        tell(f"{_PUSHES // share} pushes of one window")
        rows.append(asyncio.run(measure_pushes(home, address, _PUSHES // share)))
        tell("outages: Redis paused, and killed and started again, under load")
        rows += measure_outages(server, layout, meters, 1 if quick else 5)
        gc.unfreeze()
        return rows


async def _measure_reads(
    layout: FeatureLayout,
    address: RedisAddress,
    ask_feast: Callable[[list[str]], None],
    meters: list[str],
    size: int,
    reads: int,
) -> list[Row]:
    connections = RedisConnections(address)
    reader = RedisFeatureReader(layout, connections)
    cached = RedisFeatureReader(layout, connections, cache=FeatureCache[StoredRow](max_seconds=3600))

    late = 0

    async def ask_ours(asked: list[str]) -> None:
        nonlocal late
        late += bool((await reader.read(asked)).unavailable.any())

    async def ask_cached(asked: list[str]) -> None:
        await cached.read(asked)

    async def ping(_: list[str]) -> None:
        await connections.fetch(_PING, 1, asyncio.get_running_loop().time() + _PATIENCE_SECONDS)

    async def ask_peer(asked: list[str]) -> None:
        ask_feast(asked)

    generator = np.random.default_rng(size)
    for first in range(0, len(meters), _CHUNK):
        await ask_cached(meters[first : first + _CHUNK])
    timings: dict[str, list[np.ndarray]] = {"ours": [], "cached": [], "ping": [], "peer": []}
    for _ in range(_BLOCKS):
        for name, ask in (("ours", ask_ours), ("cached", ask_cached), ("ping", ping), ("peer", ask_peer)):
            samples = [[meters[i] for i in generator.integers(0, len(meters), size)] for _ in range(reads // _BLOCKS)]
            timings[name].append(await _time_each(ask, samples))
    await reader.close()
    ours, cache, pings, peer = (np.concatenate(timings[name]) for name in ("ours", "cached", "ping", "peer"))
    blocks = ", ".join(f"{np.percentile(block, 99):.2f}" for block in timings["ours"])
    note = f"over {len(ours)} reads in {_BLOCKS} turns with the peer, of which {late} missed the reader's deadline; "
    note += f"p99 of each turn: {blocks} ms; of a bare PING beside them: {np.percentile(pings, 99):.2f} ms"
    p99, p50 = (lambda ms: float(np.percentile(ms, 99))), (lambda ms: float(np.median(ms)))
    name = "features.online_{}_ms_" + str(size)
    return [
        Row(name.format("p99"), p99(ours), "ms", _TARGETS_MS[size], "<=", _PEER, p99(peer), note),
        Row(name.format("p50"), p50(ours), "ms", peer=_PEER, peer_value=p50(peer)),
        Row(name.format("cached_p99"), p99(cache), "ms", peer="without the cache", peer_value=p99(ours)),
        Row(name.format("cached_p50"), p50(cache), "ms", peer="without the cache", peer_value=p50(ours)),
    ]


async def _time_each(ask: Callable[[list[str]], Awaitable[None]], samples: list[list[str]]) -> np.ndarray:
    """Milliseconds of each call, after one that is not counted."""
    await ask(samples[0])
    timings = []
    for sample in samples:
        start = time.perf_counter()
        await ask(sample)
        timings.append(1000 * (time.perf_counter() - start))
    return np.array(timings)


@contextmanager
def _environment(server: RedisServer, folder: Path) -> Iterator[Home]:
    """A home on the server, as the environment names it; afterwards the environment is as it was."""
    names = (REDIS_VARIABLE, CONNECTION_VARIABLE, STORE_VARIABLE)
    before = {name: os.environ.get(name) for name in names}
    os.environ[REDIS_VARIABLE] = server.url
    try:
        yield Home(folder / "home")
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
