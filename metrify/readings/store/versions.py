"""Which of several versions of a reading counts, and what it replaced.

A reading is known by its meter and the start of its interval. Of its versions the highest counts, in whatever order
they arrived; the others stay in the history. So replaying what arrived before changes nothing. A version without a
value, NaN, says that there is no reading: it counts like any other one, and stays in the history.
"""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

CURRENT = 0  # what `superseded` is of a reading that counts


@dataclass(frozen=True)
class VersionedRows:
    """Versions of readings.

    Attributes:
        meter: `[N]` int32, any code of the meter.
        time: `[N]` int64, microseconds since 1970 UTC.
        value: `[N]` float64; NaN where the version takes the reading back.
        version: `[N]` int64.
        arrived: `[N]` int32, data version with which the row came.
        superseded: `[N]` int32, data version with which another row took its place; `CURRENT` for the one that counts.
    """

    meter: np.ndarray
    time: np.ndarray
    value: np.ndarray
    version: np.ndarray
    arrived: np.ndarray
    superseded: np.ndarray

    def __len__(self) -> int:
        return len(self.time)

    def take(self, rows: np.ndarray) -> Self:
        """Some of the rows, by a mask or by positions."""
        return type(self)(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    @classmethod
    def join(cls, parts: list[Self]) -> Self:
        """All rows of several parts, in their order."""
        return cls(
            **{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)}
        )


@dataclass(frozen=True)
class Resolution:
    """What came of new rows.

    Attributes:
        current: The versions that count, sorted by meter and time.
        history: The versions that do not count any more, or never did, sorted by meter, time and version.
        before: `[len(current)]` the value that counted before; NaN where there was none.
        duplicates: How many new rows were known already.
        conflicts: Positions of the new rows whose version is known with another value; they are in neither table.
    """

    current: VersionedRows
    history: VersionedRows
    before: np.ndarray
    duplicates: int
    conflicts: np.ndarray

    @property
    def changed(self) -> np.ndarray:
        """Whether another value counts than before, or one for the first time, or none any more."""
        return ~_same(self.current.value, self.before)

    @property
    def corrected(self) -> np.ndarray:
        """Whether another value counts than before."""
        return self.changed & np.isfinite(self.before) & np.isfinite(self.current.value)

    @property
    def withdrawn(self) -> np.ndarray:
        """Whether no value counts any more."""
        return np.isfinite(self.before) & np.isnan(self.current.value)


def resolve_versions(
    known: VersionedRows, new: VersionedRows, data_version: int, unchanged_is_duplicate: bool
) -> Resolution:
    """Adds new rows to what is known.

    Args:
        known: Current rows and history, without conflicts.
        new: Rows that arrive now; their `arrived` and `superseded` are not read.
        data_version: Number of this arrival, higher than every `arrived` in `known`.
        unchanged_is_duplicate: Whether a new row with the value that counts already is a duplicate whatever its
            version. Only right where versions are numbers of arrivals: there no row can come late.
    """
    added = np.arange(len(known) + len(new)) >= len(known)
    arriving = VersionedRows(
        new.meter,
        new.time,
        new.value,
        new.version,
        np.full(len(new), data_version, np.int32),
        np.full(len(new), CURRENT, np.int32),
    )
    rows = VersionedRows.join([known, arriving])
    order = np.lexsort((added, rows.version, rows.time, rows.meter))
    rows, added = rows.take(order), added[order]
    position = order - len(known)  # among the new rows

    first_of_key, first_of_version = _starts(rows)
    same_as_first = _same(rows.value, rows.value[_repeat(first_of_version)])
    repeated = ~first_of_version
    duplicate, conflict = repeated & same_as_first, repeated & ~same_as_first
    counted = _value_that_counted(rows, added, first_of_key)
    if unchanged_is_duplicate:
        duplicate |= added & _same(rows.value, counted)
    kept = ~(duplicate | conflict)
    rows, added, counted = rows.take(kept), added[kept], counted[kept]

    first_of_key, _ = _starts(rows)
    last_of_key = np.r_[first_of_key[1:], True][: len(rows)]
    superseded = np.where(last_of_key, CURRENT, np.where(rows.superseded == CURRENT, data_version, rows.superseded))
    rows = VersionedRows(rows.meter, rows.time, rows.value, rows.version, rows.arrived, superseded.astype(np.int32))
    return Resolution(
        current=rows.take(last_of_key),
        history=rows.take(~last_of_key),
        before=counted[last_of_key],
        duplicates=int(duplicate.sum()),
        conflicts=np.sort(position[conflict]),
    )


def as_of(rows: VersionedRows, data_version: int) -> VersionedRows:
    """The rows that counted at a data version, sorted by meter and time.

    Args:
        rows: Current rows and history.
        data_version: What was known then.
    """
    known = rows.take(rows.arrived <= data_version)
    known = known.take(np.lexsort((known.version, known.time, known.meter)))
    first_of_key, _ = _starts(known)
    return known.take(np.r_[first_of_key[1:], True][: len(known)] & np.isfinite(known.value))


def _same(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return (one == other) | (np.isnan(one) & np.isnan(other))


def _starts(rows: VersionedRows) -> tuple[np.ndarray, np.ndarray]:
    """Where a meter and time begins, and where a version of it begins, `[N]` each, of sorted rows."""
    key = np.ones(len(rows), dtype=bool)
    key[1:] = (rows.meter[1:] != rows.meter[:-1]) | (rows.time[1:] != rows.time[:-1])
    version = key.copy()
    version[1:] |= rows.version[1:] != rows.version[:-1]
    return key, version


def _repeat(starts: np.ndarray) -> np.ndarray:
    """The position of the start that each row belongs to, `[N]`."""
    return np.maximum.accumulate(np.where(starts, np.arange(len(starts)), 0))


def _value_that_counted(rows: VersionedRows, added: np.ndarray, first_of_key: np.ndarray) -> np.ndarray:
    """For every row the value that counted before the new rows came; NaN where there was none, `[N]`."""
    key = np.cumsum(first_of_key) - 1
    counted = np.full(int(first_of_key.sum()), np.nan)
    before = ~added & (rows.superseded == CURRENT)
    counted[key[before]] = rows.value[before]
    return counted[key]
