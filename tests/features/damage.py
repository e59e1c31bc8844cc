"""Bytes as they should not be: any, and Feast's with some of them lost, added or changed."""

from feast.protos.feast.types.Value_pb2 import FloatList, StringList, Value
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import strategies as st

texts = st.text(st.characters(exclude_categories=["Cs"]))
_float32 = st.floats(width=32)
_messages = st.one_of(
    st.builds(lambda x: Value(float_val=x), _float32),
    st.builds(lambda x: Value(double_val=x), st.floats()),
    st.builds(lambda x: Value(int64_val=x), st.integers(-(2**63), 2**63 - 1)),
    st.builds(lambda x: Value(string_val=x), texts),
    st.builds(lambda x: Value(float_list_val=FloatList(val=x)), st.lists(_float32, max_size=40)),
    st.builds(lambda x: Value(string_list_val=StringList(val=x)), st.lists(texts, max_size=4)),
    st.builds(lambda x, y: Timestamp(seconds=x, nanos=y), st.integers(-(2**40), 2**40), st.integers(-1, 10**9)),
)


@st.composite
def _damaged_messages(draw: st.DrawFn) -> bytes:
    raw = draw(_messages).SerializeToString()
    first = draw(st.integers(0, len(raw)))
    last = draw(st.integers(first, min(len(raw), first + 3)))
    return raw[:first] + draw(st.binary(max_size=3)) + raw[last:]


damaged = st.one_of(st.binary(max_size=24), _damaged_messages())
