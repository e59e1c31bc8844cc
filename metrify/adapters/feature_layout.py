"""Which features a reader asks Redis for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from metrify.adapters.redis_codec import entity_key, entity_key_prefix, hash_field, pack_arguments, time_field
from metrify.adapters.redis_rows import RowDecoder, StoredRow
from metrify.errors import UsageError

if TYPE_CHECKING:
    from feast import FeatureStore

__all__ = ["FeatureLayout", "StoredFeature", "StoredRow", "registered_layout"]

# What Feast's types are in Python; a type that is not here may be anything.
_NUMBERS = ("Float32", "Float64", "Int32", "Int64")
_OTHERS = {"String": str, "Bool": bool, "Bytes": bytes}
_LISTS = {f"Array({item})": list for item in (*_NUMBERS, *_OTHERS)} | {"Array(Float32)": np.ndarray}
_HELD: dict[str, type] = dict.fromkeys(_NUMBERS, float) | _OTHERS | _LISTS


@dataclass(frozen=True)
class StoredFeature:
    """A feature as the registry declares it.

    Attributes:
        view: Its feature view.
        name: Its name in the view.
        holds: What its values must be: float for a single number of any kind, str for a text, list or np.ndarray for
            lists (that of float32), object where anything goes.
        ttl_seconds: Age from which its values are stale; infinite where the view has no limit.
    """

    view: str
    name: str
    holds: type
    ttl_seconds: float

    @property
    def reference(self) -> str:
        """View and name as Feast writes them, for instance `meter_load:load_window`."""
        return f"{self.view}:{self.name}"


class FeatureLayout:
    """The commands that read features of one kind of entity, and the meaning of their replies.

    Args:
        project: Feast project.
        join_key: Name of the entity's key, which is a text.
        features: What to read.

    Attributes:
        references: `[F]` features as Feast writes them.
        ttl_seconds: `[F]` age from which values are stale.
        object_columns: Places of those that are no single numbers, in their order.
    """

    def __init__(self, project: str, join_key: str, features: Sequence[StoredFeature]) -> None:
        self.references = tuple(feature.reference for feature in features)
        self.ttl_seconds = np.array([feature.ttl_seconds for feature in features])
        views = list(dict.fromkeys(feature.view for feature in features))
        self._decoder = RowDecoder(
            [feature.holds for feature in features], [views.index(feature.view) for feature in features]
        )
        self.object_columns = self._decoder.object_columns
        self._project, self._prefix = project.encode(), entity_key_prefix(join_key)
        ordered = [features[place] for place in self._decoder.order]
        fields = [hash_field(feature.view, feature.name) for feature in ordered] + [time_field(view) for view in views]
        self._head = b"*%d\r\n%b" % (len(fields) + 2, pack_arguments([b"HMGET"]))
        self._tail = pack_arguments(fields)

    def command(self, entities: Sequence[str]) -> bytes:
        """One HMGET for each entity, in the wire format."""
        keys = (pack_arguments([entity_key(self._prefix, entity, self._project)]) for entity in entities)
        return b"".join(part for key in keys for part in (self._head, key, self._tail))

    def decode(self, replies: Sequence[object]) -> list[StoredRow]:
        """The replies to the HMGETs of some entities; what can't be read is named in its row."""
        return self._decoder.decode(replies)


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
        features.append(StoredFeature(view_name, name, _HELD.get(str(field.dtype), object), ttl))
        join_keys.add(tuple(column.name for column in view.entity_columns))
    if len(join_keys) != 1 or len(next(iter(join_keys))) != 1:
        raise UsageError(f"{', '.join(references)} are not of one entity.", "Read each entity's features apart.")
    return FeatureLayout(store.project, next(iter(join_keys))[0], features)
