"""Reads online features from Redis in one round trip, with a deadline, a circuit breaker and, if wanted, a cache."""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

import numpy as np

from metrify.adapters.circuit_breaker import CircuitBreaker
from metrify.adapters.feature_answer import FeatureAnswer, judge
from metrify.adapters.feature_cache import FeatureCache
from metrify.adapters.feature_layout import FeatureLayout, StoredRow
from metrify.adapters.reader_metrics import ReaderMetrics
from metrify.adapters.redis_connections import RedisConnections
from metrify.errors import FeatureStoreError

# Callers are promised an answer within 50 ms; the rest is for what the event loop needs to give it.
DEADLINE_SECONDS = 0.03


class RedisFeatureReader:
    """Reads what Feast wrote. Use it from one event loop.

    A read never raises because of the store: what could not be had is named in the answer, and so is each value that
    can't be read.

    Args:
        layout: What to read.
        connections: To the server.
        breaker: Refuses reads while the store fails; one of its own without it.
        cache: Rows that need no read; none without it.
        metrics: Where to count; nowhere without it.
        deadline_seconds: Of a whole read, connecting included.
        clock: Seconds since 1970 UTC.
    """

    def __init__(
        self,
        layout: FeatureLayout,
        connections: RedisConnections,
        breaker: CircuitBreaker | None = None,
        cache: FeatureCache[StoredRow] | None = None,
        metrics: ReaderMetrics | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._layout, self._connections, self._cache, self._metrics = layout, connections, cache, metrics
        self._breaker = breaker or CircuitBreaker()
        self._deadline_seconds, self._clock = deadline_seconds, clock

    async def read(self, entities: Sequence[str], max_age: timedelta | None = None) -> FeatureAnswer:
        """The features of entities, in their order; an entity may come twice.

        Args:
            entities: `[N]` values of the join key.
            max_age: A limit stricter than the views' TTL.
        """
        rows = self._cache.find(dict.fromkeys(entities)) if self._cache is not None else {}
        known = len(rows)
        absent = [entity for entity in dict.fromkeys(entities) if entity not in rows]
        reason = ""
        if absent:
            generation = self._cache.generation if self._cache is not None else 0
            found, reason = await self._fetch(absent)
            rows.update(found)
            if self._cache is not None:
                self._cache.keep({entity: row.detached() for entity, row in found.items()}, generation)
        limit = np.inf if max_age is None else max_age.total_seconds()
        answer = judge(self._layout, entities, rows, self._clock(), limit, reason)
        if self._metrics is not None:
            self._metrics.count(answer.status, len(absent), known, self._breaker.is_open)
        return answer

    async def close(self) -> None:
        """Ends the connections."""
        await self._connections.close()

    async def _fetch(self, entities: list[str]) -> tuple[dict[str, StoredRow], str]:
        """Rows of entities, or none and the reason."""
        if not self._breaker.allows():
            return {}, "the online store failed repeatedly and is left in peace"
        deadline = asyncio.get_running_loop().time() + self._deadline_seconds
        try:
            replies = await self._connections.fetch(self._layout.command(entities), len(entities), deadline)
        except TimeoutError:
            reason = f"no answer within {1000 * self._deadline_seconds:.0f} ms"
        except OSError:
            reason = f"Redis at {self._connections.address} can't be reached"
        except FeatureStoreError as error:
            reason = error.problem.rstrip(".")
        else:
            self._breaker.succeed()
            return dict(zip(entities, self._layout.decode(replies), strict=True)), ""
        self._breaker.fail()
        return {}, reason
