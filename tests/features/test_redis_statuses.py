"""What must not be used is named, with and without a cache, and counted."""

from datetime import timedelta

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from metrify.adapters.feature_answer import Status
from metrify.adapters.feature_cache import FeatureCache
from metrify.adapters.feature_layout import StoredRow
from metrify.adapters.reader_metrics import ReaderMetrics
from metrify.cli.bench.redis_server import RedisServer
from metrify.errors import FeatureStoreError

from .typed_store import CELLS, STATUS, Asker


def test_values_past_the_ttl_of_their_view_are_stale_by_name(ask: Asker) -> None:
    ask.now += 3600 * 3.2
    answer = ask(["m_a"], ["cells:small", STATUS, "endless:loading"])
    assert answer.age_seconds.tolist() == [[11_520, 11_520, 13_320]]
    assert answer.problems == {"m_a": {STATUS: "stale 3.2 h"}}
    assert answer.status.tolist() == [[Status.FRESH, Status.STALE, Status.FRESH]]
    np.testing.assert_array_equal(answer.numbers, np.array([[np.float32(0.1), np.nan, 50]]))
    ask.now += 3600 * 24 * 1000
    assert ask(["m_a"], ["cells:small", "cells:window", "endless:loading"]).problems["m_a"].keys() == {
        "cells:small",
        "cells:window",
    }


def test_the_ttl_itself_is_fresh(ask: Asker) -> None:
    ask.now += 3600
    assert not ask(["m_a"], [STATUS]).problems
    ask.now += 1
    assert ask(["m_a"], [STATUS]).problems


def test_a_caller_can_be_stricter_but_not_laxer(ask: Asker) -> None:
    ask.now += 3600 * 2
    assert ask(["m_a"], ["cells:name"], max_age=timedelta(hours=1)).objects == {"cells:name": [None]}
    assert not ask(["m_a"], ["cells:name"], max_age=timedelta(hours=2)).problems
    assert ask(["m_a"], [STATUS], max_age=timedelta(days=9)).problems


def test_all_or_an_error_that_names_what_is_lacking(ask: Asker) -> None:
    with pytest.raises(FeatureStoreError, match=r"1 of 2 entities .*m_unknown: cells:name missing\."):
        ask(["m_a", "m_unknown"], ["cells:name"]).require_fresh()
    with pytest.raises(FeatureStoreError, match=r"7 of 7 .*; and 2 more\."):
        ask([f"m_{number}" for number in range(7)], ["cells:name"]).require_fresh()
    with pytest.raises(FeatureStoreError, match=rf"unknown: {CELLS[0]} missing, .*, and 3 more\."):
        ask(["m_unknown"]).require_fresh()


def test_a_cache_does_not_make_a_value_look_fresher(ask: Asker) -> None:
    cache = FeatureCache[StoredRow](max_seconds=1e9)
    assert not ask(["m_a"], [STATUS], cache=cache).problems
    ask.now += 3601
    assert ask(["m_a"], [STATUS], cache=cache).problems == {"m_a": {STATUS: "stale 1.0 h"}}


def test_a_cache_answers_without_the_store(ask: Asker, own_redis: RedisServer) -> None:
    cache = FeatureCache[StoredRow](max_seconds=1e9)
    known = ask(["m_a", "m_null"], cache=cache)
    ask.server = own_redis  # which is empty
    again = ask(["m_null", "m_a", "m_b"], cache=cache)
    np.testing.assert_array_equal(again.numbers[:2], known.numbers[::-1])
    assert again.problems["m_b"] == dict.fromkeys(CELLS, "missing")


def test_reads_are_counted_by_status_and_source(ask: Asker) -> None:
    registry, cache = CollectorRegistry(), FeatureCache[StoredRow]()
    metrics = ReaderMetrics(registry)
    for _ in range(2):
        ask(["m_a", "m_unknown"], [STATUS], cache=cache, metrics=metrics)
    values = {
        name: registry.get_sample_value("metrify_feature_values_total", {"status": name})
        for name in ("fresh", "missing", "stale")
    }
    assert values == {"fresh": 2, "missing": 2, "stale": 0}
    sources = [registry.get_sample_value("metrify_feature_entities_total", {"source": s}) for s in ("store", "cache")]
    assert sources == [2, 2]
