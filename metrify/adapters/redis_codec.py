"""Feast's bytes in Redis, written and read without protobuf objects.

The layout is Feast's online store format (docs/specs/online_store_format.md in its repository): one hash per entity,
whose key is the serialized entity key (version 3) and the project; its fields are the little-endian murmur3 hashes of
"view:feature", each a serialized `Value`, and "_ts:view", a serialized `Timestamp`.
"""

import struct
from collections.abc import Iterable, Sequence

import mmh3
import numpy as np

_STRING = 2  # feast.types.ValueType.STRING
_WORD = struct.Struct("<I")
_FLOAT32 = struct.Struct("<f")
_FLOAT64 = struct.Struct("<d")
# The first byte of a serialized Value: its field's number times 8, plus its wire type.
_TEXT, _INT32, _INT64, _DOUBLE, _FLOAT = 0x12, 0x18, 0x20, 0x29, 0x35
_FLOAT_LIST = b"\x82\x01"
_PACKED = 0x0A  # field 1, the values, of a FloatList
_SECONDS, _NANOS = 0x08, 0x10  # fields 1 and 2 of a Timestamp
_NAN = bytes([_FLOAT]) + _FLOAT32.pack(np.nan)


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


def decode_event_time(raw: bytes | None) -> float:
    """Seconds since 1970 UTC of a serialized Timestamp; NaN where there is none."""
    if raw is None:
        return np.nan
    seconds, nanos, position = 0, 0, 0
    while position < len(raw):
        tag = raw[position]
        number, position = _varint(raw, position + 1)
        if tag == _SECONDS:
            seconds = _signed(number)
        elif tag == _NANOS:
            nanos = number
    return seconds + nanos * 1e-9


def decode_numbers(values: Sequence[bytes | None]) -> np.ndarray:
    """Numbers of serialized Values, `[V]` float64; NaN where there is none."""
    joined = b"".join([value or _NAN for value in values])
    if len(joined) == len(_NAN) * len(values):  # all of them float_val, as a rule: decoded in one go
        cells = np.frombuffer(joined, np.uint8).reshape(-1, len(_NAN))
        if (cells[:, 0] == _FLOAT).all():
            return np.ascontiguousarray(cells[:, 1:]).view("<f4")[:, 0].astype(np.float64)
    return np.array([_number(value) for value in values], np.float64)


def decode_value(raw: bytes | None) -> object:
    """What a serialized Value holds: a number, a text, a list (floats as a float32 array), or None.

    The array is a read-only view of the bytes.
    """
    if not raw:
        return None
    tag = raw[0]
    if tag == _FLOAT:
        return _FLOAT32.unpack_from(raw, 1)[0]
    if tag == _DOUBLE:
        return _FLOAT64.unpack_from(raw, 1)[0]
    if tag in (_INT64, _INT32):
        return _signed(_varint(raw, 1)[0])
    if tag == _TEXT:
        return raw[_varint(raw, 1)[1] :].decode()
    if raw[:2] == _FLOAT_LIST:
        length, position = _varint(raw, 2)
        if length == 0:
            return np.empty(0, np.float32)
        if raw[position] == _PACKED:
            size, position = _varint(raw, position + 1)
            if position + size == len(raw):
                return np.frombuffer(raw, "<f4", offset=position)
    return _parse(raw)


def _number(raw: bytes | None) -> float:
    value = decode_value(raw)
    return float(value) if isinstance(value, (int, float)) else np.nan


def _parse(raw: bytes) -> object:
    """The rare types, by protobuf."""
    from feast.protos.feast.types.Value_pb2 import Value

    value = Value.FromString(raw)
    kind = value.WhichOneof("val")
    if kind is None or kind == "null_val":
        return None
    held = getattr(value, kind)
    return list(held.val) if kind.endswith("_list_val") else held


def _varint(raw: bytes, position: int) -> tuple[int, int]:
    """The number at a position, seven bits a byte and the lowest first, and the position after it."""
    number, shift = 0, 0
    while True:
        byte = raw[position]
        position += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, position
        shift += 7


def _signed(number: int) -> int:
    return number - (1 << 64) if number >> 63 else number
