"""The benchmark of the online store, as `metrify bench features --quick --json` runs it: which rows it prints."""

import json
import math

import pytest

from metrify.cli.bench.features_online import measure_online_features
from metrify.cli.bench.report import report

FEAST, UNCACHED = "Feast get_online_features", "without the cache"
ROWS = {  # unit, target, and what was measured beside it
    "features.online_p99_ms_1": ("ms", 1, FEAST),
    "features.online_p50_ms_1": ("ms", None, FEAST),
    "features.online_cached_p99_ms_1": ("ms", None, UNCACHED),
    "features.online_cached_p50_ms_1": ("ms", None, UNCACHED),
    "features.online_p99_ms_50": ("ms", 5, FEAST),
    "features.online_p50_ms_50": ("ms", None, FEAST),
    "features.online_cached_p99_ms_50": ("ms", None, UNCACHED),
    "features.online_cached_p50_ms_50": ("ms", None, UNCACHED),
    "features.push_to_visible_p99_ms": ("ms", 20, None),
    "features.redis_paused_max_ms": ("ms", 50, None),
    "features.redis_killed_max_ms": ("ms", 50, None),
    "features.redis_recovery_seconds": ("s", 2, None),
}


def is_plausible(value: object) -> bool:
    return isinstance(value, float) and math.isfinite(value) and value > 0


def test_the_rows_of_the_online_store(capsys: pytest.CaptureFixture[str]) -> None:
    report("features", [measure_online_features], quick=True, as_json=True)
    printed = json.loads(capsys.readouterr().out)
    rows = {row["name"]: row for row in printed["rows"]}
    assert printed["bench"] == "features"
    assert printed["machine"]["cores"] >= 1
    assert {name: (row["unit"], row["target"], row["peer"]) for name, row in rows.items()} == {
        f"quick.{name}": expected for name, expected in ROWS.items()
    }
    for name, row in rows.items():
        assert is_plausible(row["value"]), name
        assert row["direction"] == (None if row["target"] is None else "<="), name
        assert is_plausible(row["peer_value"]) if row["peer"] else row["peer_value"] is None, name
    for meters in (1, 50):  # of the same reads
        p50, p99 = (rows[f"quick.features.online_{share}_ms_{meters}"] for share in ("p50", "p99"))
        assert p50["value"] <= p99["value"]
        assert p50["peer_value"] <= p99["peer_value"]
    for outage in ("paused", "killed"):
        assert "every meter named" in rows[f"quick.features.redis_{outage}_max_ms"]["note"]
