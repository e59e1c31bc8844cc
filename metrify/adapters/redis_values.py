"""What Feast's bytes in Redis mean: a serialized `Value` for each feature, a serialized `Timestamp` for each view.

The forms that Feast writes most are read without protobuf where they fit to the last byte. All else is left to
protobuf, so what is refused here is what protobuf refuses, or what holds nothing that it knows.
"""

import struct
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError
from google.protobuf.timestamp_pb2 import Timestamp

_FLOAT32 = struct.Struct("<f")
_FLOAT64 = struct.Struct("<d")
# The first byte of a serialized Value: its field's number times 8, plus its wire type.
_TEXT, _DOUBLE, _FLOAT = 0x12, 0x29, 0x35
_FLOAT_LIST = b"\x82\x01"
_PACKED = b"\x0a"  # field 1, the values, of a FloatList
_ONE_BYTE = 0x80  # numbers below it take one byte
_CELL = np.dtype([("tag", np.uint8), ("number", "<f4")])  # a serialized float_val
_NAN = bytes([_FLOAT]) + _FLOAT32.pack(np.nan)
_OTHER_TYPE, _NO_TIME = "not of the declared type", "the event time of its view is no time"
_LENGTHS = 1024  # lists of so many different lengths have their first bytes kept
# Between the years 1 and 9999, says protobuf's description of Timestamp.
_FIRST_SECOND, _LAST_SECOND, _NANOS = -62_135_596_800, 253_402_300_799, 1_000_000_000


class UnreadableError(ValueError):
    """Bytes that do not hold what they should. The message says why, and does not repeat them: they may be personal."""


def decode_event_time(raw: bytes | None) -> float:
    """Seconds since 1970 UTC of a serialized Timestamp; NaN where there is none.

    Raises:
        UnreadableError: It is no Timestamp, or none between the years 1 and 9999.
    """
    if raw is None:
        return np.nan
    stamp = Timestamp()
    try:
        stamp.ParseFromString(raw)
        stamp.DiscardUnknownFields()
    except DecodeError:
        raise UnreadableError(_NO_TIME) from None
    seconds, nanos = stamp.seconds, stamp.nanos
    if stamp.ByteSize() != len(raw) or not (_FIRST_SECOND <= seconds <= _LAST_SECOND and 0 <= nanos < _NANOS):
        raise UnreadableError(_NO_TIME)
    return seconds + nanos * 1e-9


def decode_numbers(values: Sequence[bytes | None]) -> np.ndarray:
    """Numbers of serialized Values, `[V]` float64; NaN where there is none.

    Raises:
        UnreadableError: One is no number.
    """
    cells: Sequence[bytes] = values if all(values) else [value or _NAN for value in values]  # type: ignore[assignment]
    joined = b"".join(cells)
    # All of them float_val, as a rule: decoded in one go. If they are 5 bytes on average and at most, each is.
    if len(joined) == len(_NAN) * len(cells) and max(map(len, cells), default=0) <= len(_NAN):
        numbers = np.frombuffer(joined, _CELL)
        if (numbers["tag"] == _FLOAT).all():
            return numbers["number"].astype(np.float64)
    return np.array([decode_number(value) for value in values], np.float64)


def decode_number(raw: bytes | None) -> float:
    """The number of a serialized Value; NaN where there is none.

    Raises:
        UnreadableError: It is no number.
    """
    value = _decode(raw) if raw else None
    if value is None:
        return np.nan
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise UnreadableError(_OTHER_TYPE)
    return float(value)


def decode_value(raw: bytes | None, holds: type = object) -> Any:
    """What a serialized Value holds: a number, a text, a list (floats as a float32 array), or None.

    The array is, as a rule, a read-only view of the bytes.

    Args:
        raw: The bytes.
        holds: What it must be, if it is not None.

    Raises:
        UnreadableError: It is no Value, or another type.
    """
    value = _decode(raw) if raw else None
    if value is not None and not isinstance(value, holds):
        raise UnreadableError(_OTHER_TYPE)
    return value


def _decode(raw: bytes) -> object:
    tag, length = raw[0], len(raw)
    if tag == _FLOAT and length == 1 + _FLOAT32.size:
        return _FLOAT32.unpack_from(raw, 1)[0]
    if tag == _DOUBLE and length == 1 + _FLOAT64.size:
        return _FLOAT64.unpack_from(raw, 1)[0]
    if tag == _TEXT and 2 <= length < 2 + _ONE_BYTE and raw[1] == length - 2:
        try:
            return raw[2:].decode()
        except UnicodeDecodeError:
            raise UnreadableError("a text that is not UTF-8") from None
    if tag == _FLOAT_LIST[0]:
        head = _float_list_head(length)
        if head and raw.startswith(head):
            return np.frombuffer(raw, "<f4", offset=len(head))
    return _parse(raw)


@lru_cache(_LENGTHS)
def _float_list_head(length: int) -> bytes:
    """The bytes before the numbers of a list of floats that takes so many bytes in all; none where no list does."""
    for count in range(length // _FLOAT32.size, 0, -1):
        size = _FLOAT32.size * count
        inner = _PACKED + _varint(size)
        head = _FLOAT_LIST + _varint(len(inner) + size) + inner
        spare = length - size - len(head)
        if spare >= 0:
            return b"" if spare else head
    return b""


def _varint(number: int) -> bytes:
    """A number as protobuf writes it: seven bits a byte, the lowest first."""
    high, low = divmod(number, _ONE_BYTE)
    return bytes([low | _ONE_BYTE]) + _varint(high) if high else bytes([low])


def _parse(raw: bytes) -> object:
    """Any type, by protobuf."""
    try:
        value = _value_type().FromString(raw)
    except DecodeError:
        raise UnreadableError(f"{len(raw)} bytes that are no value") from None
    kind = value.WhichOneof("val")
    if kind is None:
        raise UnreadableError(f"{len(raw)} bytes that hold nothing known")
    if kind == "null_val":
        return None
    held = getattr(value, kind)
    if kind == "float_list_val":
        return np.array(held.val, np.float32)
    return list(held.val) if kind.endswith("_list_val") else held


@cache
def _value_type() -> Any:
    from feast.protos.feast.types.Value_pb2 import Value  # takes seconds; who opened a store has it already

    return Value
