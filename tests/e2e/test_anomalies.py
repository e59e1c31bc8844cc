"""Anomalies as a user finds them: train a detector, list events, look at a day."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from .conftest import processes_of, run_metrify

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

SMALL = {"epochs": 1, "boosting_rounds": 15, "fault_copies": 3, "forest_trees": 20}


def test_a_detector_is_trained_and_lists_events(imported, tmp_path: Path) -> None:
    home, config, page = tmp_path / "home", tmp_path / "config.yaml", tmp_path / "events.html"
    shutil.copytree(imported.home, home)
    config.write_text(yaml.safe_dump({"training": {"anomaly_detection": SMALL}, "drift": {"calibration_replays": 19}}))
    trained = run_metrify(
        home, "train", "--models", "anomaly", "--config", str(config), "--data-size", "2000", "--json"
    )
    assert trained.returncode == 0, trained.stderr
    answer = json.loads(trained.stdout)
    assert answer["metrics"]["vus_pr"] > answer["metrics"]["vus_pr_z_score"]
    assert Path(answer["service"]).name == "anomaly-detector.yaml"

    listed = run_metrify(home, "detect", "--config", str(config), "--page", str(page), "--json")
    assert listed.returncode == 0, listed.stderr
    found = json.loads(listed.stdout)
    assert found["model_version"] == Path(answer["bundle"]).name and found["meters"] == 40
    assert "vegaEmbed(" in page.read_text()
    numbers = set(imported.readings["MPAN"])
    assert not numbers & {event["meter_id"] for event in found["events"]}  # they are pseudonyms

    meter = sorted(numbers)[0]
    day = json.loads(run_metrify(home, "detect", "--meter", meter, "--json").stdout)["days"][0]
    assert day["meter_id"] == meter and len(day["contribution"]) == 24
    searched = run_metrify(home, "train", "--models", "anomaly", "--search", "2")
    assert searched.returncode == 2 and "no search" in searched.stderr
    assert not processes_of(home)
