"""`metrify data import --labels`: from a file of meter numbers to events of judged days."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from metrify.anomaly.labelled_events import read_labelled_events
from metrify.anomaly.meter_days import find_meter_days
from metrify.readings.dataset import read_dataset
from metrify.readings.matrix import to_matrix

Run = Callable[..., subprocess.CompletedProcess]
_OURS = ("--name", "ours", "--readings", "readings.csv", "--column", "meter_id=MPAN")


@pytest.fixture
def run(metrify_home: Path, tmp_path: Path, run_main: Run) -> Run:
    """Runs `metrify data import` of 40 days of two meters."""
    hours = pd.date_range("2024-03-01", periods=40 * 24, freq="h", tz="UTC").strftime("%Y-%m-%dT%H:%MZ")
    rows = [f"{meter},{hour},1\n" for meter in (101, 102) for hour in hours]
    (tmp_path / "readings.csv").write_text("MPAN,timestamp,kwh\n" + "".join(rows))
    return lambda *arguments: run_main(metrify_home, tmp_path, "data", "import", *_OURS, *arguments)


def write(folder: Path, *rows: str) -> None:
    (folder / "labels.csv").write_text("\n".join(["meter_id,start,end,kind", *rows, ""]))


def test_labels_become_events_of_pseudonyms(run: Run, tmp_path: Path, metrify_home: Path) -> None:
    write(tmp_path, "102,2024-03-30,2024-04-01,theft", "101,2024-04-02 10:00,2024-04-02 11:00,")
    done = run("--labels", "labels.csv", "--json")
    assert (done.returncode, json.loads(done.stdout)["labels"]) == (0, 2)
    folder = metrify_home / "datasets" / "ours"
    assert not {"101", "102"} & set(pd.read_parquet(folder / "labels.parquet")["meter_id"])
    days = find_meter_days(to_matrix(read_dataset(folder).readings, 60), 28, "Europe/London", "GB")
    found = read_labelled_events(folder, days)
    assert found is not None
    assert found.events.labels(days.shape).sum(axis=1).tolist() in ([1, 2], [2, 1])
    assert sorted(found.events.kinds) == ["theft", "unknown"]
    assert found.other_meters == found.outside == found.no_faults == 0


def test_they_can_be_added_alone_and_stay(run: Run, tmp_path: Path, metrify_home: Path) -> None:
    assert run().returncode == 0
    write(tmp_path, "102,2024-03-30,2024-04-01,theft")
    done = run("--labels", "labels.csv", "--append")
    assert (done.returncode, done.stderr) == (0, "")
    assert "labels were taken" in done.stdout
    (tmp_path / "late.csv").write_text("MPAN,timestamp,kwh\n101,2024-03-01T00:00Z,2\n")
    assert run("--readings", "late.csv", "--append").returncode == 0
    assert len(pd.read_parquet(metrify_home / "datasets" / "ours" / "labels.parquet")) == 1


@pytest.mark.parametrize(
    ("row", "parts"),
    [
        ("103,2024-03-30,2024-04-01,theft", ["'103' in data row 2", "import readings of these meters first"]),
        ("101,2024-03-30,2024-03-29,theft", ["no later than the start", "'101' in data row 2"]),
        ("101,2024-03-30,2024-04-01,bypass", ["'bypass' in data row 2", "Use one of stuck, zero", "other"]),
        ("101,30.3.2024,2024-04-01,theft", ["'30.3.2024' in data row 2", "'start'"]),
    ],
)
def test_a_refused_file_is_one_line_and_changes_nothing(
    run: Run, tmp_path: Path, metrify_home: Path, row: str, parts: list[str]
) -> None:
    write(tmp_path, "102,2024-03-30,2024-04-01,theft")
    assert run("--labels", "labels.csv").returncode == 0
    path = metrify_home / "datasets" / "ours" / "labels.parquet"
    before = path.read_bytes()
    write(tmp_path, "102,2024-03-01,2024-03-02,", row)
    done = run("--labels", "labels.csv", "--append")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: labels.csv: 1 row has ")
    assert len(done.stderr.splitlines()) == 1
    assert all(part in done.stderr for part in parts), done.stderr
    assert path.read_bytes() == before
