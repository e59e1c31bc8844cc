"""Which features a reader asks Redis for, and what their bytes mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from metrify.adapters.redis_codec import (
    decode_event_time,
    decode_numbers,
    decode_value,
    entity_key,
    entity_key_prefix,
    hash_field,
    pack_arguments,
    time_field,
)
from metrify.errors import UsageError

if TYPE_CHECKING:
    from feast import FeatureStore

_NUMBERS = frozenset({"Float32", "Float64", "Int32", "Int64"})


@dataclass(frozen=True)
class StoredFeature:
    """A feature as the registry declares it.

    Attributes:
        view: Its feature view.
        name: Its name in the view.
        is_number: Whether it is a single number; a text or a list otherwise.
        ttl_seconds: Age from which its values are stale; infinite where the view has no limit.
    """

    view: str
    name: str
    is_number: bool
    ttl_seconds: float

    @property
    def reference(self) -> str:
        """View and name as Feast writes them, for instance `meter_load:load_window`."""
        return f"{self.view}:{self.name}"


@dataclass(frozen=True, slots=True)
class StoredRow:
    """What the store holds of one entity.

    Attributes:
        event_times: `[F]` seconds since 1970 UTC; NaN where its view knows nothing of the entity.
        numbers: `[F]` float64; NaN where there is none, and for texts and lists.
        objects: Texts and lists, one for each feature that is no number, in their order; None where there is none.
    """

    event_times: np.ndarray
    numbers: np.ndarray
    objects: tuple[object, ...]

    def detached(self) -> "StoredRow":
        """A copy that does not keep the whole read it came with in memory."""
        return StoredRow(self.event_times.copy(), self.numbers.copy(), self.objects)


class FeatureLayout:
    """The commands that read features of one kind of entity, and the meaning of their replies.

    Args:
        project: Feast project.
        join_key: Name of the entity's key, which is a text.
        features: What to read.

    Attributes:
        references: `[F]` features as Feast writes them.
        ttl_seconds: `[F]` age from which values are stale.
        is_number: `[F]` whether it is a single number.
        object_columns: Places of the others, in their order.
    """

    def __init__(self, project: str, join_key: str, features: Sequence[StoredFeature]) -> None:
        self.references = tuple(feature.reference for feature in features)
        self.ttl_seconds = np.array([feature.ttl_seconds for feature in features])
        self.is_number = np.array([feature.is_number for feature in features])
        self.object_columns = [int(column) for column in np.flatnonzero(~self.is_number)]
        self._project, self._prefix = project.encode(), entity_key_prefix(join_key)
        ordered = [*np.flatnonzero(self.is_number), *np.flatnonzero(~self.is_number)]  # the numbers are read in one go
        views = list(dict.fromkeys(feature.view for feature in features))
        fields = [hash_field(features[place].view, features[place].name) for place in ordered]
        fields += [time_field(view) for view in views]
        self._head = b"*%d\r\n%b" % (len(fields) + 2, pack_arguments([b"HMGET"]))
        self._tail = pack_arguments(fields)
        self._view_of = np.array([views.index(feature.view) for feature in features])

    def command(self, entities: Sequence[str]) -> bytes:
        """One HMGET for each entity, in the wire format."""
        keys = (pack_arguments([entity_key(self._prefix, entity, self._project)]) for entity in entities)
        return b"".join(part for key in keys for part in (self._head, key, self._tail))

    def decode(self, replies: Sequence[Sequence[bytes | None]]) -> list[StoredRow]:
        """The replies to the HMGETs of some entities, all their numbers at once."""
        count = len(self.references)
        number_count = count - len(self.object_columns)
        numbers = np.full((len(replies), count), np.nan)
        raw = [value for reply in replies for value in reply[:number_count]]
        numbers[:, self.is_number] = decode_numbers(raw).reshape(len(replies), number_count)
        known = {raw: decode_event_time(raw) for raw in {value for reply in replies for value in reply[count:]}}
        times = np.array([[known[value] for value in reply[count:]] for reply in replies])[:, self._view_of]
        return [
            StoredRow(times[row], numbers[row], tuple(decode_value(value) for value in reply[number_count:count]))
            for row, reply in enumerate(replies)
        ]


def registered_layout(store: "FeatureStore", references: Sequence[str], keep_ttl: bool = True) -> FeatureLayout:
    """The layout of features as a store's registry declares them.

    Args:
        store: Feast's store.
        references: As `view:feature`.
        keep_ttl: Whether values are stale after their view's TTL; otherwise never, and the caller judges their age.

    Raises:
        UsageError: A feature is not registered, or the features belong to different or compound entities.
    """
    views = {view.name: view for view in store.list_feature_views()}
    features, join_keys = [], set()
    for reference in references:
        view_name, _, name = reference.partition(":")
        view = views.get(view_name)
        field = next((field for field in view.features if field.name == name), None) if view else None
        if view is None or field is None:
            raise UsageError(f"The feature {reference} is not registered.", "Apply the feature repository.")
        ttl = view.ttl.total_seconds() if view.ttl and keep_ttl else np.inf
        features.append(StoredFeature(view_name, name, str(field.dtype) in _NUMBERS, ttl))
        join_keys.add(tuple(column.name for column in view.entity_columns))
    if len(join_keys) != 1 or len(next(iter(join_keys))) != 1:
        raise UsageError(f"{', '.join(references)} are not of one entity.", "Read each entity's features apart.")
    return FeatureLayout(store.project, next(iter(join_keys))[0], features)
