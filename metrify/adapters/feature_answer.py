"""What a read of online features found: values, their age, and which ones must not be used and why."""

from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice
from typing import Self

import numpy as np

from metrify.adapters.feature_layout import FeatureLayout, StoredRow
from metrify.errors import FeatureStoreError

_SECONDS_PER_HOUR = 3600
_NAMED = 5  # entities in an error, and features of each


class Status(IntEnum):
    """How good a value is. Feast calls the first three PRESENT."""

    FRESH = 0
    STALE = 1  # older than the view's TTL or the caller's limit
    MISSING = 2  # an unknown entity, a null or a NaN
    UNAVAILABLE = 3  # the store could not be asked
    UNREADABLE = 4  # damaged, or not of the declared type


@dataclass(frozen=True)
class FeatureAnswer:
    """Features of entities. Only fresh values are there; every other one is named in `problems`, and none is made up.

    Attributes:
        entities: `[N]` as they were asked for.
        features: `[F]` references, for instance `meter_load:window_end`.
        numbers: `[N, F]` float64; NaN where not fresh, and for texts and lists.
        objects: Texts and lists by reference, `[N]` each; None where not fresh.
        status: `[N, F]` values of `Status`.
        age_seconds: `[N, F]` since the event; NaN where there is none.
        reason: Why some values are unavailable; empty where all could be asked for.
        unreadable: Why values can't be read, by row and column.
    """

    entities: tuple[str, ...]
    features: tuple[str, ...]
    numbers: np.ndarray
    objects: Mapping[str, list[object]]
    status: np.ndarray
    age_seconds: np.ndarray
    reason: str
    unreadable: Mapping[tuple[int, int], str]

    @property
    def unavailable(self) -> np.ndarray:
        """`[N]` whether the store could not be asked for an entity, or has a value of it that can't be read."""
        return ((self.status == Status.UNAVAILABLE) | (self.status == Status.UNREADABLE)).any(axis=1)

    @property
    def problems(self) -> dict[str, dict[str, str]]:
        """What is wrong by entity and feature, for instance `{"m_1": {"meter_load:load_window": "stale 3.2 h"}}`."""
        found: dict[str, dict[str, str]] = {}
        for row, column in zip(*np.nonzero(self.status), strict=True):
            found.setdefault(self.entities[row], {})[self.features[column]] = self._problem(row, column)
        return found

    def require_fresh(self) -> Self:
        """Itself, if every value is fresh.

        Raises:
            FeatureStoreError: One is not; some entities and what they lack are named.
        """
        problems = self.problems
        if not problems:
            return self
        named = (f"{entity}: {_enumerate(list(lacks.items()))}" for entity, lacks in problems.items())
        raise FeatureStoreError(
            f"{len(problems)} of {len(set(self.entities))} entities lack fresh features: "
            f"{'; '.join(islice(named, _NAMED))}{_more(problems, '; ')}.",
            "Push their values, or ask again when the online store answers.",
        )

    def _problem(self, row: int, column: int) -> str:
        status = Status(self.status[row, column])
        if status is Status.STALE:
            return f"stale {self.age_seconds[row, column] / _SECONDS_PER_HOUR:.1f} h"
        if status is Status.UNREADABLE:
            return f"unreadable: {self.unreadable[row, column]}"
        return f"unavailable: {self.reason}" if status is Status.UNAVAILABLE else "missing"


def _enumerate(lacks: Sequence[tuple[str, str]]) -> str:
    named = ", ".join(f"{feature} {problem}" for feature, problem in lacks[:_NAMED])
    return named + _more(lacks, ", ")


def _more(things: Sized, comma: str) -> str:
    return f"{comma}and {len(things) - _NAMED} more" if len(things) > _NAMED else ""


def judge(
    layout: FeatureLayout,
    entities: Sequence[str],
    rows: Mapping[str, StoredRow],
    now: float,
    max_age_seconds: float = np.inf,
    reason: str = "",
) -> FeatureAnswer:
    """Judges what the store holds.

    Args:
        layout: What was asked for.
        entities: `[N]`.
        rows: What the store holds of them; an entity without a row is unavailable.
        now: Seconds since 1970 UTC.
        max_age_seconds: A limit stricter than the views' TTL.
        reason: Why rows are lacking.
    """
    shape = len(entities), len(layout.references)
    numbers, times, held = np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape, bool)
    available = np.zeros(len(entities), bool)
    objects: list[list[object]] = [[None] * len(entities) for _ in layout.object_columns]
    unreadable: dict[tuple[int, int], str] = {}
    for place, entity in enumerate(entities):
        row = rows.get(entity)
        if row is None:
            continue
        available[place] = True
        numbers[place], times[place] = row.numbers, row.event_times
        for column, values, value in zip(layout.object_columns, objects, row.objects, strict=True):
            values[place], held[place, column] = value, value is not None
        for column, why in row.unreadable:
            unreadable[place, column] = why
    age = now - times
    status = np.zeros(shape, np.uint8)
    status[age > np.minimum(layout.ttl_seconds, max_age_seconds)] = Status.STALE
    status[np.isnan(times) | ~(np.isfinite(numbers) | held)] = Status.MISSING
    status[~available] = Status.UNAVAILABLE
    for cell in unreadable:
        status[cell] = Status.UNREADABLE
    numbers[status != Status.FRESH] = np.nan
    for column, values in zip(layout.object_columns, objects, strict=True):
        for lacking in np.flatnonzero(status[:, column]):
            values[lacking] = None
    named = {layout.references[column]: values for column, values in zip(layout.object_columns, objects, strict=True)}
    return FeatureAnswer(tuple(entities), layout.references, numbers, named, status, age, reason, unreadable)
