"""Counts what readers of online features find, for Prometheus."""

import numpy as np
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge

from metrify.adapters.feature_answer import Status


class ReaderMetrics:
    """Counters of one process.

    Args:
        registry: Where the metrics go.
    """

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        values = Counter("metrify_feature_values", "Feature values read, by status.", ["status"], registry=registry)
        entities = Counter("metrify_feature_entities", "Entities read, by where from.", ["source"], registry=registry)
        self._values = [values.labels(status.name.lower()) for status in Status]
        self._store, self._cache = entities.labels("store"), entities.labels("cache")
        self._open = Gauge("metrify_feature_breaker_open", "1 while the online store is left alone.", registry=registry)

    def count(self, status: np.ndarray, from_store: int, from_cache: int, breaker_open: bool) -> None:
        """Counts one read.

        Args:
            status: `[N, F]` values of `Status`.
            from_store: Entities that the store was asked for.
            from_cache: Entities that the cache knew.
            breaker_open: Whether the circuit breaker is open now.
        """
        for counter, number in zip(self._values, np.bincount(status.ravel(), minlength=len(Status)), strict=True):
            if number:
                counter.inc(int(number))
        self._store.inc(from_store)
        self._cache.inc(from_cache)
        self._open.set(breaker_open)
