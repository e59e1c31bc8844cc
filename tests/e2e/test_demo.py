"""What the demo shows and what it leaves."""

import json
import os
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(600)


def test_the_models_beat_both_baselines(demo) -> None:
    best_baseline = min(demo.figures["demo.wape.seasonal_naive"], demo.figures["demo.wape.persistence"])
    assert demo.figures["demo.wape.lstm"] < best_baseline
    assert demo.figures["demo.wape.gru"] < best_baseline


def test_both_protocols_agree(demo) -> None:
    assert 0 <= demo.figures["demo.rest_grpc_max_diff"] < 1e-4


def test_raising_the_canary_moves_only_new_meters(demo) -> None:
    assert demo.figures["demo.moved_at_20"] > 0
    assert demo.figures["demo.moved_at_50"] > 0
    assert demo.figures["demo.moved_back"] == 0


def test_only_the_changed_population_is_drift(demo) -> None:
    assert demo.figures["demo.drift_p.shifted"] < 0.05 <= demo.figures["demo.drift_p.unshifted"]


def test_the_page_needs_no_network_and_names_no_meter_number(demo) -> None:
    page = Path(demo.answer["page"]).read_text(encoding="utf-8")
    assert "<script src" not in page and "<link" not in page
    assert page.count("vegaEmbed(") >= 5
    assert "distinct profiles" in page
    assert not any(number in page for number in demo.readings["MPAN"].unique())


def test_no_process_of_the_demo_is_alive(demo) -> None:
    needle = f"{demo.home}/".encode()
    alive = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if needle in command and b"inference_services" in command:
            alive.append(folder.name)
    assert not alive, os.getpid()


def test_a_second_run_reuses_what_is_valid(demo) -> None:
    again = demo.metrify("demo", "--config", str(demo.config), "--json")
    assert again.returncode == 0, again.stderr
    figures = {row["name"]: row["value"] for row in json.loads(again.stdout)["rows"]}
    assert figures["demo.reused_steps"] == 12  # six steps of each training
    assert "steps reused the result of an earlier run" in again.stderr
    for name in ("demo.wape.lstm", "demo.wape.gru", "demo.moved_at_20", "demo.drift_p.shifted"):
        assert figures[name] == demo.figures[name], name
