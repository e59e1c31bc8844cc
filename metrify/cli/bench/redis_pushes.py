"""How long a pushed window takes to be seen."""

import asyncio
import time

import numpy as np
import pandas as pd

from metrify.adapters.feature_layout import registered_layout
from metrify.adapters.feature_repository import apply_repository, open_store
from metrify.adapters.redis_address import RedisAddress
from metrify.adapters.redis_connections import RedisConnections
from metrify.adapters.redis_features import RedisFeatureReader
from metrify.adapters.window_push import WindowPusher
from metrify.cli.bench.report import Row
from metrify.config import Home

_WINDOW = 672


async def measure_pushes(home: Home, address: RedisAddress, pushes: int) -> Row:
    """From the call that pushes a meter's window until our reader returns it.

    Args:
        home: A fresh one, whose online store is Redis by METRIFY_REDIS_URL.
        address: Of that Redis.
        pushes: How many.
    """
    apply_repository(home)
    pusher = WindowPusher(home)
    layout = registered_layout(open_store(home), ["meter_load:load_window", "meter_load:window_end"])
    reader = RedisFeatureReader(layout, RedisConnections(address))
    end, windows = pd.Timestamp.now("UTC").floor("h"), np.random.default_rng(0).gamma(2, 0.3, (pushes + 1, _WINDOW))
    timings = []
    for number, window in enumerate(windows.astype(np.float32)):
        pushed = end + pd.Timedelta(seconds=number)
        meter = np.array([f"meter-{number % 50:04d}"], dtype=object)
        start = time.perf_counter()
        await asyncio.to_thread(pusher.push, meter, pd.DatetimeIndex([pushed]), window[None])
        while (await reader.read([meter[0]])).numbers[0, 1] != pushed.timestamp():
            await asyncio.sleep(0)
        timings.append(1000 * (time.perf_counter() - start))
    await reader.close()
    p99, p50 = np.percentile(timings[1:], (99, 50))
    note = (
        f"one window of {_WINDOW} readings through Feast's push and the guard against older windows; p50 {p50:.1f} ms"
    )
    return Row("features.push_to_visible_p99_ms", float(p99), "ms", 20, "<=", note=note)
