"""Our bytes are Feast's bytes."""

import math

import numpy as np
import pytest
from feast.infra.online_stores.helpers import _mmh3, _redis_key
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import BoolList, FloatList, Int64List, Null, StringList, Value
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from metrify.adapters.redis_codec import (
    decode_event_time,
    decode_numbers,
    decode_value,
    entity_key,
    entity_key_prefix,
    hash_field,
    pack_command,
)

texts = st.text(st.characters(exclude_categories=["Cs"]))
float32 = st.floats(width=32)


@given(texts, texts, texts)
def test_keys_are_those_of_feast(join_key: str, entity: str, project: str) -> None:
    key = EntityKey(join_keys=[join_key], entity_values=[Value(string_val=entity)])
    assert entity_key(entity_key_prefix(join_key), entity, project.encode()) == _redis_key(project, key)


@given(texts, texts)
def test_fields_are_those_of_feast(view: str, feature: str) -> None:
    assert hash_field(view, feature) == _mmh3(f"{view}:{feature}")


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
    assert decode_value(b"\x82\x01\x05\x0d\x00\x00\x80\x3f") == [1.0]


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


def test_a_text_is_no_number() -> None:
    assert np.isnan(decode_numbers([Value(string_val="7").SerializeToString(), b"", None])).all()


def test_commands_are_in_the_wire_format() -> None:
    assert pack_command(b"SELECT", b"\r\n") == b"*2\r\n$6\r\nSELECT\r\n$2\r\n\r\n\r\n"
