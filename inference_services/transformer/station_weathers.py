"""Holds the recent weather of stations in memory; requests wait for the store only where nothing is held yet."""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from kserve.logging import logger

from metrify.errors import MetrifyError
from metrify.readings.station_weather import StationWeather

REFRESH_SECONDS = 60.0  # after which a record is read again, while it is still used
KEPT_SECONDS = 3_600.0  # after which a record that could not be read again is not used any more
_RETRY_SECONDS = 5.0  # between reads that fail
_WAIT_SECONDS = 0.5  # of a request, for a station that nothing is held of


@dataclass(frozen=True)
class _Held:
    weather: StationWeather | None  # None: the store has none
    read_at: float


class StationWeathers:
    """Reads records in a thread of its own, once for all requests that wait. Use it from one event loop.

    Args:
        read: From stations to their records; it may block.
        clock: Seconds that only rise.
    """

    def __init__(
        self,
        read: Callable[[Sequence[str]], Mapping[str, StationWeather]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read, self._clock = read, clock
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="weather")
        self._held: dict[str, _Held] = {}
        self._reading: asyncio.Task[None] | None = None
        self._next_try = 0.0

    async def find(self, stations: Collection[str]) -> dict[str, StationWeather]:
        """The weather of stations; those of which nothing is at hand are left out.

        Args:
            stations: Names.
        """
        now = self._clock()
        old = [name for name in stations if name not in self._held or now - self._held[name].read_at > REFRESH_SECONDS]
        if old and (self._reading is None or self._reading.done()) and now >= self._next_try:
            self._reading = asyncio.get_running_loop().create_task(self._refresh(old))
        if self._reading is not None and any(name not in self._held for name in stations):
            await asyncio.wait({self._reading}, timeout=_WAIT_SECONDS)
        usable = {name: self._held[name] for name in stations if name in self._held}
        return {
            name: held.weather
            for name, held in usable.items()
            if held.weather is not None and now - held.read_at <= KEPT_SECONDS
        }

    def close(self) -> None:
        """Drops what is waiting."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _refresh(self, stations: list[str]) -> None:
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._pool, self._read, stations)
        except MetrifyError as error:
            logger.error("The weather of %d stations can't be read: %s", len(stations), error)
            self._next_try = self._clock() + _RETRY_SECONDS
            return
        now = self._clock()
        self._held |= {name: _Held(found.get(name), now) for name in stations}
