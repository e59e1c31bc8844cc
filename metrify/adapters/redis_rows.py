"""Rows of entities from Redis's replies. What can't be read is named in its row, and harms no other value."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np

from metrify.adapters.redis_values import (
    UnreadableError,
    decode_event_time,
    decode_number,
    decode_numbers,
    decode_value,
)

_NO_HASH = "its key is no hash"


@dataclass(frozen=True, slots=True)
class StoredRow:
    """What the store holds of one entity.

    Attributes:
        event_times: `[F]` seconds since 1970 UTC; NaN where its view knows nothing of the entity.
        numbers: `[F]` float64; NaN where there is none, and for texts and lists.
        objects: Texts and lists, one for each feature that is no number, in their order; None where there is none.
        unreadable: Places of features that can't be read, and why; none as a rule.
    """

    event_times: np.ndarray
    numbers: np.ndarray
    objects: tuple[object, ...]
    unreadable: tuple[tuple[int, str], ...] = ()

    def detached(self) -> "StoredRow":
        """A copy that does not keep the whole read it came with in memory."""
        return StoredRow(self.event_times.copy(), self.numbers.copy(), self.objects, self.unreadable)


class RowDecoder:
    """Makes rows of replies, which hold values in a given order and then the event times of views.

    Args:
        holds: `[F]` type of each feature; float for a single number of any kind.
        view_of: `[F]` place of its view among the event times.

    Attributes:
        order: `[F]` places of features in the order of a reply: the numbers first, since they are read in one go.
        object_columns: Places of those that are no numbers.
    """

    def __init__(self, holds: Sequence[type], view_of: Sequence[int]) -> None:
        self._holds, self._view_of = tuple(holds), np.array(view_of)
        self._number_columns = [column for column, kind in enumerate(holds) if kind is float]
        self.object_columns = [column for column, kind in enumerate(holds) if kind is not float]
        self._object_kinds = [holds[column] for column in self.object_columns]
        self.order = self._number_columns + self.object_columns

    def decode(self, replies: Sequence[object]) -> list[StoredRow]:
        """The rows of replies, all their numbers at once if nothing is wrong with any."""
        try:
            return self._decode_together(replies)
        except UnreadableError:
            if len(replies) > 1:
                return [row for reply in replies for row in self.decode([reply])]
            return [self._decode_apart(replies[0])]

    def _decode_together(self, replies: Sequence[object]) -> list[StoredRow]:
        count, number_count = len(self._holds), len(self._number_columns)
        numbers = np.full((len(replies), count), np.nan)
        rows: list[list[bytes | None]] = []
        raw: list[bytes | None] = []
        for reply in replies:
            if not isinstance(reply, list):
                raise UnreadableError(_NO_HASH)
            rows.append(reply)
            raw += reply[:number_count]
        numbers[:, self._number_columns] = decode_numbers(raw).reshape(len(replies), number_count)
        columns = [
            [decode_value(row[place], holds) for row in rows]
            for place, holds in enumerate(self._object_kinds, number_count)
        ]
        objects = zip(*columns, strict=True) if columns else repeat((), len(rows))
        times = [row[count:] for row in rows]
        known = {time: decode_event_time(time) for time in {time for row in times for time in row}}
        event_times = np.array([[known[time] for time in row] for row in times])[:, self._view_of]
        return [StoredRow(*row) for row in zip(event_times, numbers, objects, strict=True)]

    def _decode_apart(self, reply: object) -> StoredRow:
        """One row value by value: what can't be read is as if it were not there, but named."""
        count = len(self._holds)
        event_times, numbers = np.full(count, np.nan), np.full(count, np.nan)
        objects: dict[int, object] = dict.fromkeys(self.object_columns)
        unreadable: dict[int, str] = {}
        if isinstance(reply, list):
            for raw, column in zip(reply[:count], self.order, strict=True):
                try:
                    event_times[column] = decode_event_time(reply[count + self._view_of[column]])
                    if column in objects:
                        objects[column] = decode_value(raw, self._holds[column])
                    else:
                        numbers[column] = decode_number(raw)
                except UnreadableError as error:
                    unreadable[column] = str(error)
        else:
            unreadable = dict.fromkeys(range(count), _NO_HASH)
        return StoredRow(event_times, numbers, tuple(objects.values()), tuple(unreadable.items()))
