"""Rows of the online store, kept for a short time."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

Row = TypeVar("Row")


class FeatureCache(Generic[Row]):
    """The most recently used rows by entity; a row is kept for some seconds at most.

    What it keeps is what the store held, event times included: whether a value is stale is judged at every hit, so a
    cache never makes a value look fresher than it is. Safe for several threads.

    Args:
        max_entries: Rows at most; the one that was not used for longest goes first.
        max_seconds: For which a row counts after it was read.
        clock: Seconds that only rise.
    """

    def __init__(
        self, max_entries: int = 100_000, max_seconds: float = 5.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._max_entries, self._max_seconds, self._clock = max_entries, max_seconds, clock
        self._rows: OrderedDict[str, tuple[float, Row]] = OrderedDict()
        self._lock = threading.Lock()
        self._generation = 0

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def generation(self) -> int:
        """Rises with every `forget`; take it before reading what you will `keep`."""
        return self._generation

    def find(self, entities: Iterable[str]) -> dict[str, Row]:
        """The rows that are kept and still count."""
        found = {}
        with self._lock:
            oldest = self._clock() - self._max_seconds
            for entity in entities:
                kept = self._rows.get(entity)
                if kept is None:
                    continue
                if kept[0] < oldest:
                    del self._rows[entity]
                else:
                    self._rows.move_to_end(entity)
                    found[entity] = kept[1]
        return found

    def keep(self, rows: Mapping[str, Row], generation: int) -> None:
        """Keeps rows, unless something was forgotten since `generation`: they may be older than that push."""
        with self._lock:
            if generation != self._generation:
                return
            now = self._clock()
            for entity, row in rows.items():
                self._rows[entity] = now, row
                self._rows.move_to_end(entity)
            while len(self._rows) > self._max_entries:
                self._rows.popitem(last=False)

    def forget(self, entities: Iterable[str]) -> None:
        """Drops the rows of entities, since newer values were pushed."""
        with self._lock:
            self._generation += 1
            for entity in entities:
                self._rows.pop(entity, None)
