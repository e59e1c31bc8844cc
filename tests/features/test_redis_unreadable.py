"""Damaged values in Redis are named and counted; a read goes on, and everything else in it is as it was."""

import asyncio
import struct
from collections.abc import Sequence

import numpy as np
import pytest
from feast.protos.feast.types.Value_pb2 import FloatList, Value
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from metrify.adapters.circuit_breaker import CircuitBreaker
from metrify.adapters.feature_answer import FeatureAnswer, Status, judge
from metrify.adapters.feature_cache import FeatureCache
from metrify.adapters.feature_layout import FeatureLayout, StoredFeature
from metrify.adapters.reader_metrics import ReaderMetrics
from metrify.adapters.redis_address import RedisAddress
from metrify.adapters.redis_codec import entity_key, entity_key_prefix, hash_field, pack_command, time_field
from metrify.adapters.redis_connections import RedisConnections
from metrify.adapters.redis_features import RedisFeatureReader
from metrify.cli.bench.redis_server import RedisServer
from metrify.errors import FeatureStoreError

from .damage import damaged
from .redis_reads import PATIENT

METERS = ["m_0", "m_1", "m_2"]
LAYOUT = FeatureLayout(
    "damage",
    "meter_id",
    [
        StoredFeature("load", "end", float, np.inf),
        StoredFeature("load", "window", np.ndarray, np.inf),
        StoredFeature("load", "name", str, np.inf),
        StoredFeature("status", "loading", float, np.inf),
    ],
)
END, WINDOW, NAME, LOADING = LAYOUT.references
EVENT = Timestamp(seconds=1_700_000_000).SerializeToString()
TEXT = Value(string_val="7").SerializeToString()
GOOD = {
    hash_field("load", "end"): Value(int64_val=1_700_000_000).SerializeToString(),
    hash_field("load", "window"): Value(float_list_val=FloatList(val=[0.5, 1, 2])).SerializeToString(),
    hash_field("load", "name"): Value(string_val="Süd").SerializeToString(),
    hash_field("status", "loading"): Value(float_val=0.5).SerializeToString(),
    time_field("load"): EVENT,
    time_field("status"): EVENT,
}
IN_A_REPLY = [hash_field("load", "end"), hash_field("status", "loading"), hash_field("load", "window")]
IN_A_REPLY += [hash_field("load", "name"), time_field("load"), time_field("status")]


def key(meter: str) -> bytes:
    return entity_key(entity_key_prefix("meter_id"), meter, b"damage")


def read(server: RedisServer, damage: Sequence[tuple[bytes, ...]] = (), times: int = 1, **arguments) -> FeatureAnswer:
    """Writes good values of all meters, does damage, and reads."""

    async def main() -> FeatureAnswer:
        connections = RedisConnections(RedisAddress.from_url(server.url))
        pairs = [part for pair in GOOD.items() for part in pair]
        commands = [(b"DEL", *map(key, METERS)), *((b"HSET", key(meter), *pairs) for meter in METERS), *damage]
        packed = b"".join(pack_command(*command) for command in commands)
        await connections.fetch(packed, len(commands), asyncio.get_running_loop().time() + PATIENT)
        reader = RedisFeatureReader(LAYOUT, connections, deadline_seconds=PATIENT, **arguments)
        answers = [await reader.read(METERS) for _ in range(times)]
        await reader.close()
        return answers[-1]

    return asyncio.run(main())


def require_good(answer: FeatureAnswer, row: int, features: Sequence[str] = LAYOUT.references) -> None:
    expected = {END: 1_700_000_000.0, WINDOW: [0.5, 1, 2], NAME: "Süd", LOADING: 0.5}
    for feature in features:
        column = answer.features.index(feature)
        assert answer.status[row, column] == Status.FRESH
        held = answer.objects[feature][row] if feature in answer.objects else answer.numbers[row, column]
        assert (held.tolist() if feature == WINDOW else held) == expected[feature]


def count(registry: CollectorRegistry) -> dict[str, float]:
    """Values counted so far, by status; Feast makes them outlive a registry."""
    names = [status.name.lower() for status in Status]
    return {name: registry.get_sample_value("metrify_feature_values_total", {"status": name}) for name in names}


@pytest.mark.parametrize(
    ("feature", "raw", "why"),
    [
        (END, b"\x20\xff\xff", "3 bytes that are no value"),
        (END, b"\x35\x00\x00", "3 bytes that are no value"),
        (END, TEXT, "not of the declared type"),
        (LOADING, struct.pack("<f", 0.5), "4 bytes that are no value"),
        (LOADING, b"\x98\x06\x00", "3 bytes that hold nothing known"),
        (NAME, b"\x12\x02\xff\xfe", "a text that is not UTF-8"),
        (NAME, b"\x12\x7fSued", "6 bytes that are no value"),
        (NAME, GOOD[hash_field("load", "end")], "not of the declared type"),
        (WINDOW, GOOD[hash_field("load", "window")][:-1], "16 bytes that are no value"),
        (WINDOW, b"\x82\x01\x05\x0a\x03abc", "8 bytes that are no value"),
        (WINDOW, TEXT, "not of the declared type"),
    ],
)
def test_a_damaged_value_is_named_and_the_others_are_read(
    redis_server: RedisServer, feature: str, raw: bytes, why: str
) -> None:
    answer = read(redis_server, [(b"HSET", key("m_1"), hash_field(*feature.split(":")), raw)])
    assert answer.problems == {"m_1": {feature: f"unreadable: {why}"}}
    for row in (0, 2):
        require_good(answer, row)
    require_good(answer, 1, [other for other in LAYOUT.references if other != feature])
    if feature in answer.objects:
        assert answer.objects[feature][1] is None
    else:
        assert np.isnan(answer.numbers[1, answer.features.index(feature)])
    assert answer.unavailable.tolist() == [False, True, False]
    with pytest.raises(FeatureStoreError, match=f"m_1: {feature} unreadable: {why}"):
        answer.require_fresh()


@pytest.mark.parametrize("raw", [b"\x08", b"noon", Timestamp(seconds=2**60).SerializeToString(), EVENT + b"\x10\x80"])
def test_without_an_event_time_the_values_of_its_view_cannot_be_used(redis_server: RedisServer, raw: bytes) -> None:
    answer = read(redis_server, [(b"HSET", key("m_1"), time_field("load"), raw)])
    why = "unreadable: the event time of its view is no time"
    assert answer.problems == {"m_1": {END: why, WINDOW: why, NAME: why}}
    require_good(answer, 1, [LOADING])
    assert np.isnan(answer.numbers[1, 0])
    assert (answer.objects[WINDOW][1], answer.objects[NAME][1]) == (None, None)


@pytest.mark.parametrize("command", [(b"SET", b"text"), (b"RPUSH", b"a", b"list")])
def test_a_key_that_is_no_hash_is_named_and_the_breaker_stays_closed(
    redis_server: RedisServer, command: tuple[bytes, ...]
) -> None:
    breaker, registry, times = CircuitBreaker(failures=1), CollectorRegistry(), 5
    metrics, before = ReaderMetrics(registry), count(registry)
    damage = [(b"DEL", key("m_1")), (command[0], key("m_1"), *command[1:])]
    answer = read(redis_server, damage, times, breaker=breaker, metrics=metrics)
    assert answer.problems == {"m_1": dict.fromkeys(LAYOUT.references, "unreadable: its key is no hash")}
    for row in (0, 2):
        require_good(answer, row)
    assert answer.reason == ""
    assert not breaker.is_open
    counted = {status: number - before[status] for status, number in count(registry).items()}
    assert counted == {"fresh": 8 * times, "stale": 0, "missing": 0, "unavailable": 0, "unreadable": 4 * times}


def test_a_kept_row_stays_unreadable(redis_server: RedisServer) -> None:
    damage = [(b"HSET", key("m_1"), hash_field("status", "loading"), TEXT)]
    answer = read(redis_server, damage, 2, cache=FeatureCache(max_seconds=1e9))
    assert answer.problems == {"m_1": {LOADING: "unreadable: not of the declared type"}}


@given(st.dictionaries(st.tuples(st.integers(0, 2), st.integers(0, 5)), st.one_of(st.none(), damaged), max_size=6))
def test_no_bytes_raise_or_change_other_values(damage: dict[tuple[int, int], bytes | None]) -> None:
    replies = [[GOOD[field] for field in IN_A_REPLY] for _ in METERS]
    for (row, place), raw in damage.items():
        replies[row][place] = raw
    rows = dict(zip(METERS, LAYOUT.decode(replies), strict=True))
    answer = judge(LAYOUT, METERS, rows, now=2e9)
    assert all(answer.problems.values())
    for row in range(len(METERS)):
        hit = {place for damaged_row, place in damage if damaged_row == row}
        for place, event, feature in ((0, 4, END), (1, 5, LOADING), (2, 4, WINDOW), (3, 4, NAME)):
            if not hit & {place, event}:
                require_good(answer, row, [feature])


@given(st.lists(damaged, min_size=len(GOOD), max_size=len(GOOD)))
def test_a_row_of_nothing_but_damage_harms_no_other(redis_server: RedisServer, raw: list[bytes]) -> None:
    pairs = [part for pair in zip(GOOD, raw, strict=True) for part in pair]
    answer = read(redis_server, [(b"HSET", key("m_1"), *pairs)])
    for row in (0, 2):
        require_good(answer, row)
