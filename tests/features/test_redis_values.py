"""Our reading of values is protobuf's, of damaged ones too."""

import math
import struct

import numpy as np
import pytest
from feast.protos.feast.types.Value_pb2 import BoolList, FloatList, Int64List, Null, StringList, Value
from google.protobuf.message import DecodeError
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import example, given
from hypothesis import strategies as st

from metrify.adapters.redis_values import (
    UnreadableError,
    decode_event_time,
    decode_number,
    decode_numbers,
    decode_value,
)

from .damage import damaged, texts

float32 = st.floats(width=32)


@given(
    st.one_of(
        st.builds(lambda x: ("float_val", x), float32),
        st.builds(lambda x: ("double_val", x), st.floats()),
        st.builds(lambda x: ("int32_val", x), st.integers(-(2**31), 2**31 - 1)),
        st.builds(lambda x: ("int64_val", x), st.integers(-(2**63), 2**63 - 1)),
        st.builds(lambda x: ("string_val", x), texts),
        st.builds(lambda x: ("bool_val", x), st.booleans()),
        st.builds(lambda x: ("bytes_val", x), st.binary()),
        st.builds(lambda x: ("unix_timestamp_val", x), st.integers(-(2**63), 2**63 - 1)),
    )
)
def test_values_are_read_as_protobuf_reads_them(kind_and_value: tuple[str, object]) -> None:
    kind, value = kind_and_value
    read = decode_value(Value(**{kind: value}).SerializeToString())
    assert type(read) is type(value)
    assert read == value or (math.isnan(read) and math.isnan(value))


@given(st.lists(float32, max_size=300))
def test_lists_of_floats_are_arrays(values: list[float]) -> None:
    read = decode_value(Value(float_list_val=FloatList(val=values)).SerializeToString())
    assert isinstance(read, np.ndarray)
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read, np.array(values, np.float32))


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (Value(string_list_val=StringList(val=["a", ""])), ["a", ""]),
        (Value(int64_list_val=Int64List(val=[-1, 2])), [-1, 2]),
        (Value(bool_list_val=BoolList(val=[True])), [True]),
        (Value(null_val=Null.NULL), None),
        (Value(), None),
    ],
)
def test_other_types_are_left_to_protobuf(value: Value, read: object) -> None:
    assert decode_value(value.SerializeToString()) == read


def test_floats_that_are_not_packed_are_read_all_the_same() -> None:
    read = decode_value(b"\x82\x01\x05\x0d\x00\x00\x80\x3f", np.ndarray)
    assert (read.dtype, read.tolist()) == (np.float32, [1.0])


@given(st.integers(-62_135_596_800, 253_402_300_799), st.integers(0, 999_999_999))
def test_event_times_are_those_of_protobuf(seconds: int, nanos: int) -> None:
    raw = Timestamp(seconds=seconds, nanos=nanos).SerializeToString()
    assert decode_event_time(raw) == pytest.approx(seconds + nanos / 1e9, rel=1e-15)


def test_no_event_time_is_nan() -> None:
    assert math.isnan(decode_event_time(None))


@given(st.lists(st.one_of(st.none(), float32, st.integers(-(2**53), 2**53)), min_size=1))
def test_numbers_are_read_one_by_one_or_at_once(values: list[float | None]) -> None:
    raw = [None if v is None else Value(**{"int64_val" if isinstance(v, int) else "float_val": v}) for v in values]
    read = decode_numbers([None if value is None else value.SerializeToString() for value in raw])
    np.testing.assert_array_equal(read, np.array([np.nan if v is None else v for v in values], np.float64))


def test_nothing_is_no_number() -> None:
    assert np.isnan(decode_numbers([b"", None, Value(null_val=Null.NULL).SerializeToString()])).all()
    assert decode_numbers([]).shape == (0,)


@pytest.mark.parametrize(
    "other", [Value(string_val="7"), Value(bool_val=True), Value(float_list_val=FloatList(val=[7]))]
)
def test_what_is_no_number_is_refused(other: Value) -> None:
    with pytest.raises(UnreadableError, match="declared type"):
        decode_numbers([b"", other.SerializeToString()])


@given(damaged)
@example(b"\x12\x02\xff\xfe")  # no UTF-8
@example(b"\x82\x01\x05\x0a\x03abc")  # three quarters of a float
@example(b"\x82\x01\x06\x0a\x03\x00\x00\x80\x3f")  # more than the list says
@example(b"\x82\x01\xff")  # a length that does not end
@example(b"\x20" + b"\xff" * 11)  # a number that does not fit
@example(b"\x35\x00\x00\x00\x00\x35\x00\x00\x80\x3f")  # the last one counts
@example(b"\x98\x06\x00")  # a type that nobody knows
def test_whatever_the_bytes_are_protobuf_decides(raw: bytes) -> None:
    value = Value()
    try:
        value.ParseFromString(raw)
        kind = value.WhichOneof("val")
    except DecodeError:
        kind = None
    if raw and kind is None:
        with pytest.raises(UnreadableError):
            decode_value(raw)
        return
    read = decode_value(raw)
    if isinstance(read, np.ndarray):
        np.testing.assert_array_equal(read, np.array(value.float_list_val.val, np.float32))
    elif isinstance(read, list):
        assert read == list(getattr(value, kind).val) or any(number != number for number in read)
    elif read is None:
        assert kind in (None, "null_val")
    else:
        assert read == getattr(value, kind) or read != read


@given(st.lists(damaged, max_size=8))
def test_damaged_numbers_are_read_at_once_as_they_are_one_by_one(raw: list[bytes]) -> None:
    try:
        each = [decode_number(value) for value in raw]
    except UnreadableError:
        with pytest.raises(UnreadableError):
            decode_numbers(raw)
    else:
        np.testing.assert_array_equal(decode_numbers(raw), np.array(each, np.float64))


def test_values_too_short_and_too_long_do_not_make_up_for_each_other() -> None:
    one = b"\x35" + struct.pack("<f", 1)
    with pytest.raises(UnreadableError):
        decode_numbers([one, one[:4], b"\x00" + one])


@given(damaged)
@example(b"\x1a\x00")  # a field that a Timestamp does not have
@example(Timestamp(seconds=253_402_300_800).SerializeToString())
@example(Timestamp(nanos=-1).SerializeToString())
def test_an_event_time_is_one_that_protobuf_would_write_or_none(raw: bytes) -> None:
    try:
        seconds = decode_event_time(raw)
    except UnreadableError:
        return
    stamp = Timestamp.FromString(raw)
    assert seconds == stamp.seconds + stamp.nanos * 1e-9
    stamp.ToJsonString()  # refuses what is no time
    stamp.DiscardUnknownFields()
    assert len(stamp.SerializeToString()) == len(raw)


@pytest.mark.parametrize(
    "raw", [b"\x1a\x00", b"\x08", b"\x08" + b"\xff" * 9 + b"\x01\x00", b"\x0d\x00\x00\x00\x00", b"abc"]
)
def test_what_is_no_time_is_refused(raw: bytes) -> None:
    with pytest.raises(UnreadableError, match="no time"):
        decode_event_time(raw)
