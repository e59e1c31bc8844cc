"""Our keys, fields and commands are Feast's and Redis's."""

from feast.infra.online_stores.helpers import _mmh3, _redis_key
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from hypothesis import given
from hypothesis import strategies as st

from metrify.adapters.redis_codec import entity_key, entity_key_prefix, hash_field, pack_command

texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(texts, texts, texts)
def test_keys_are_those_of_feast(join_key: str, entity: str, project: str) -> None:
    key = EntityKey(join_keys=[join_key], entity_values=[Value(string_val=entity)])
    assert entity_key(entity_key_prefix(join_key), entity, project.encode()) == _redis_key(project, key)


@given(texts, texts)
def test_fields_are_those_of_feast(view: str, feature: str) -> None:
    assert hash_field(view, feature) == _mmh3(f"{view}:{feature}")


def test_commands_are_in_the_wire_format() -> None:
    assert pack_command(b"SELECT", b"\r\n") == b"*2\r\n$6\r\nSELECT\r\n$2\r\n\r\n\r\n"
