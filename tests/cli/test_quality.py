"""`metrify data quality`, `quarantine` and `release` as people run them."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

Run = Callable[..., subprocess.CompletedProcess]

DAYS = 30
NUMBER, OTHER = "1012345678901", "1012345678902"
LOAD = [0.2, 0.3, 0.25, 0.4, 0.6, 0.5, 0.55, 0.3]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def run(home: Path, run_main: Run) -> Run:
    """Runs `metrify data` in a home with the dataset `ours`."""

    def run(*arguments: str) -> subprocess.CompletedProcess:
        return run_main(home, home, "data", *arguments, TERMINAL_WIDTH="200")

    stamps = pd.date_range("2024-05-31 23:00", periods=24 * DAYS, freq="h", tz="UTC")  # local midnight in London
    frames = [
        pd.DataFrame({"meter_id": number, "timestamp": stamps, "kwh": LOAD * (3 * DAYS)}) for number in (NUMBER, OTHER)
    ]
    frames[0].loc[[30, 31, 60], "kwh"] = [-1, -2, -3]  # two on 2 June, one on 3 June
    frames[0].loc[200, "kwh"] = 50
    frames[1] = frames[1].drop(index=range(100, 120))
    pd.concat(frames).to_csv(home / "readings.csv", index=False)
    imported = run("import", "--name", "ours", "--readings", "readings.csv", "--json")
    assert imported.returncode == 0, imported.stderr
    return run


@pytest.fixture
def pseudonym(run: Run) -> str:
    """Of the meter with negative readings."""
    return json.loads(run("quarantine", "ours", "--reason", "negative", "--json").stdout)[0]["meter_id"]


def test_the_summary(run: Run) -> None:
    done = run("quality", "ours", "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["first_day"], summary["last_day"]) == ("2024-06-01", "2024-06-30")
    assert (summary["meters"], summary["accepted"]) == (2, 2)
    assert summary["days"] == {"good": 56, "suspect": 3, "bad": 1}
    assert summary["readings"] == {"present": 2 * 24 * DAYS - 20, "expected": 2 * 24 * DAYS}
    assert summary["faults"] == {"negative": 3, "spike": 1, "jump": 1}
    assert summary["quarantined"] == {"negative": 3, "spike+jump": 1}
    assert [(row["bad_days"], row["suspect_days"]) for row in summary["worst_meters"]] == [(1, 0), (0, 3)]


def test_people_see_the_same(run: Run) -> None:
    done = run("quality", "ours")
    assert done.returncode == 0
    assert "judging the readings of ours" in done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["ours:", "2", "meters,", "2", "of", "them", "accepted"] in lines
    assert ["bad", "days", "1", "1.67", "%", "█"] in lines
    assert ["spike+jump", "1"] in lines


@pytest.mark.parametrize("named_by", ["number", "pseudonym"])
def test_one_meter_has_a_strip_of_its_days(run: Run, pseudonym: str, named_by: str) -> None:
    done = run("quality", "ours", "--meter", NUMBER if named_by == "number" else pseudonym)
    assert done.returncode == 0, done.stderr
    assert "2024-06  ·▒▒·····▒·····················" in done.stdout.splitlines()
    days = [line.split(maxsplit=4) for line in done.stdout.splitlines() if line.startswith("2024-06-0")]
    assert ["2024-06-02", "suspect", "22/24", "2", "gap; negative"] in days
    assert ["2024-06-09", "suspect", "23/24", "1", "gap; spike; jump"] in days
    assert NUMBER not in done.stdout


def test_days_can_be_narrowed(run: Run) -> None:
    done = run("quality", "ours", "--meter", NUMBER, "--from", "2024-06-02", "--to", "2024-06-02", "--json")
    summary = json.loads(done.stdout)
    assert summary["days"] == {"good": 0, "suspect": 1, "bad": 0}
    assert summary["quarantined"] == {"negative": 2}


def test_the_quarantine_is_listed(run: Run, pseudonym: str) -> None:
    rows = json.loads(run("quarantine", "ours", "--json").stdout)
    assert [(row["timestamp"], row["kwh"], row["reason"], row["released"]) for row in rows] == [
        ("2024-06-02T05:00:00+00:00", -1, "negative", False),
        ("2024-06-02T06:00:00+00:00", -2, "negative", False),
        ("2024-06-03T11:00:00+00:00", -3, "negative", False),
        ("2024-06-09T07:00:00+00:00", 50, "spike+jump", False),
    ]
    lines = run("quarantine", "ours", "--reason", "spike").stdout.splitlines()
    assert [line.split() for line in lines[1:]] == [[pseudonym, "2024-06-09", "08:00", "+0100", "50", "spike+jump"]]
    assert run("quarantine", "ours", "--meter", OTHER).stdout == "no reading is in quarantine\n"


def test_releases_add_up(run: Run, home: Path, pseudonym: str) -> None:
    done = run("release", "ours", "--meter", NUMBER, "--to", "2024-06-02", "--because", "solar roof, seen by Jo")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, f"released  2 readings of {pseudonym}")
    assert "metrify data backfill" in done.stdout.splitlines()[1]
    done = run("release", "ours", "--meter", pseudonym, "--reason", "negative", "--because", "the same", "--json")
    assert json.loads(done.stdout) == {"dataset": "ours", "meter_id": pseudonym, "released": 1}
    rows = json.loads(run("quarantine", "ours", "--json").stdout)
    assert [row["released"] for row in rows] == [True, True, True, False]
    written = pd.read_parquet(home / "datasets" / "ours" / "releases.parquet")
    assert written["because"].tolist() == ["solar roof, seen by Jo", "the same"]
    again = run("release", "ours", "--meter", NUMBER, "--reason", "negative", "--because", "again")
    assert (again.returncode, again.stdout) == (1, "")
    assert "metrify data quarantine ours" in again.stderr.splitlines()[-1]
    assert len(pd.read_parquet(home / "datasets" / "ours" / "releases.parquet")) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "parts"),
    [
        (["quality", "theirs"], 1, ["no dataset 'theirs'", "ours"]),
        (["quality", "ours", "--meter", "77"], 1, ["no meter '77'"]),
        (["quality", "ours", "--from", "2025-01-01"], 1, ["Widen --from and --to"]),
        (["quality", "ours", "--from", "June"], 2, ["%Y-%m-%d"]),
        (["quarantine", "ours", "--reason", "spikes"], 2, ["no fault 'spikes'", "missing_zero"]),
        (["release", "ours", "--meter", NUMBER], 2, ["--because"]),
        (["release", "ours", "--meter", NUMBER, "--because", " "], 2, ["--because"]),
        (["release", "ours", "--meter", NUMBER, "--because", "x", "--reason", "future"], 2, ["can't be released"]),
        (["release", "ours", "--meter", NUMBER, "--because", "x", "--reason", "outlying"], 2, ["can't be released"]),
        (
            ["release", "ours", "--meter", NUMBER, "--because", "x", "--from", "2024-06-03", "--to", "2024-06-02"],
            2,
            ["--from 2024-06-03 is after --to 2024-06-02"],
        ),
    ],
)
def test_what_can_not_be_done_is_told(run: Run, arguments: list[str], code: int, parts: list[str]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert all(part in done.stderr for part in parts), done.stderr
    assert "Traceback" not in done.stderr
