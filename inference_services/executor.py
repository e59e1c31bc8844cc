"""Runs blocking work off the event loop, and refuses it when too much is waiting."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from metrify.errors import ServiceError

P = ParamSpec("P")
T = TypeVar("T")


class BoundedExecutor:
    """A thread pool with a bounded queue.

    Args:
        workers: Threads.
        max_pending: Calls that may run or wait at once; further ones are refused at once instead of piling up.
        name: Prefix of the threads' names.
    """

    def __init__(self, workers: int, max_pending: int, name: str) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix=name)
        self._max_pending = max_pending
        self._pending = 0

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Awaits `function(*args, **kwargs)` in the pool. Call it from one event loop only.

        Raises:
            ServiceError: The queue is full.
        """
        if self._pending >= self._max_pending:
            raise ServiceError(f"The server is busy: {self._pending} calls are waiting.", "Try again in a moment.")
        self._pending += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, lambda: function(*args, **kwargs))
        finally:
            self._pending -= 1

    def close(self) -> None:
        """Drops what is waiting."""
        self._pool.shutdown(wait=False, cancel_futures=True)
