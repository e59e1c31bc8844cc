"""Where Feast keeps values in Redis, and the commands that ask for them, in Redis's wire format.

The layout is Feast's online store format (docs/specs/online_store_format.md in its repository): one hash per entity,
whose key is the serialized entity key (version 3) and the project; its fields are the little-endian murmur3 hashes of
"view:feature", each a serialized `Value`, and "_ts:view", a serialized `Timestamp`. `redis_values` reads those.
"""

import struct
from collections.abc import Iterable

import mmh3

_STRING = 2  # feast.types.ValueType.STRING
_WORD = struct.Struct("<I")


def entity_key_prefix(join_key: str) -> bytes:
    """What the keys of all entities with one string join key begin with."""
    name = join_key.encode()
    return _WORD.pack(1) + _WORD.pack(_STRING) + _WORD.pack(len(name)) + name + _WORD.pack(_STRING)


def entity_key(prefix: bytes, entity: str, project: bytes) -> bytes:
    """The key of an entity's hash.

    Args:
        prefix: Of `entity_key_prefix`.
        entity: Value of the join key.
        project: Name of the Feast project.
    """
    value = entity.encode()
    return prefix + _WORD.pack(len(value)) + value + project


def hash_field(view: str, feature: str) -> bytes:
    """The field of a feature's value."""
    return _WORD.pack(mmh3.hash(f"{view}:{feature}", signed=False))


def time_field(view: str) -> bytes:
    """The field of a view's event time."""
    return f"_ts:{view}".encode()


def pack_arguments(arguments: Iterable[bytes]) -> bytes:
    """Arguments of a command in Redis's wire format (RESP), without the count that goes before them."""
    return b"".join(b"$%d\r\n%b\r\n" % (len(argument), argument) for argument in arguments)


def pack_command(*arguments: bytes) -> bytes:
    """A whole command in Redis's wire format."""
    return b"*%d\r\n" % len(arguments) + pack_arguments(arguments)
