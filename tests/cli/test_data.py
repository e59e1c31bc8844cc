"""`metrify data` as people run it: exit codes, one line of error, nothing half-written."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess]


@pytest.fixture
def run_in(tmp_path: Path, run_main: Run) -> Run:
    """Runs `metrify data` in a home."""
    return lambda home, *arguments: run_main(home, tmp_path, "data", *arguments, TERMINAL_WIDTH="200")


@pytest.fixture
def run(metrify_home: Path, run_in: Run) -> Run:
    """Runs `metrify data` in the home of the test."""
    return lambda *arguments: run_in(metrify_home, *arguments)


@pytest.fixture
def readings(tmp_path: Path) -> str:
    path = tmp_path / "readings.csv"
    path.write_text("MPAN,timestamp,kwh\n101,2024-01-01 00:00,1\n101,2024-01-01 01:00,\n102,2024-01-01 00:00,2\n")
    return path.name


def test_import_then_list(run: Run, readings: str, metrify_home: Path) -> None:
    done = run("import", "--name", "ours", "--readings", readings, "--column", "meter_id=MPAN", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "name": "ours",
        "folder": str(metrify_home / "datasets" / "ours"),
        "data_version": 1,
        "replayed": False,
        "rows": 3,
        "meters": 2,
        "readings": 2,
        "added": 2,
        "corrected": 0,
        "withdrawn": 0,
        "duplicates": 0,
        "superseded_on_arrival": 0,
        "missing_readings": 1,
        "silent_meters": 0,
    }
    assert json.loads(run("list", "--json").stdout)["imported"] == ["ours"]
    assert "imported  ours" in run("list").stdout


def test_the_figures_and_the_next_command_are_told(run: Run, readings: str) -> None:
    done = run("import", "--name", "ours", "--readings", readings, "--column", "meter_id=MPAN")
    assert done.returncode == 0
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["missing", "readings", "1"] in lines
    assert "metrify train --dataset ours" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ([], ["'MPAN', 'timestamp', 'kwh'", "--column meter_id=MPAN"]),
        (["--column", "meter_id=MPAN", "--meters", "absent.csv"], ["absent.csv"]),
        (["--column", "meter_id=MPAN", "--register"], ["gives no reading", "leave out `--register`"]),
        (["--column", "meter_id=MPAN", "--weather", "readings.csv"], ["without a unit: MPAN, kwh"]),
    ],
)
def test_a_refused_import_is_one_line_and_leaves_nothing(
    run: Run, readings: str, metrify_home: Path, arguments: list[str], parts: list[str]
) -> None:
    done = run("import", "--name", "ours", "--readings", readings, *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1
    assert all(part in done.stderr for part in parts), done.stderr
    assert not list((metrify_home / "datasets").glob("*"))


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--unit", "furlong"], ["'furlong'", "kWh, Wh, MWh"]),
        (["--unit", "kW", "--register"], ["not kW", "kWh, Wh, MWh"]),
        (["--timezone", "Mars/X"], ["'Mars/X'", "IANA"]),
        (["--country", "XX"], ["'XX'", "ISO 3166"]),
        (["--resolution", "7"], ["7 minutes", "15, 30 or 60"]),
        (["--column", "meter=MPRN"], ["'meter'", "it has meter_id, timestamp, kwh"]),
        (["--name", "simbench"], ["built-in"]),
        (["--name", "../ours"], ["can't name a dataset"]),
    ],
)
def test_a_value_that_no_option_has_is_wrong_usage(
    run: Run, readings: str, metrify_home: Path, arguments: list[str], parts: list[str]
) -> None:
    done = run("import", "--name", "ours", "--readings", readings, "--column", "meter_id=MPAN", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1
    assert all(part in done.stderr for part in parts), done.stderr
    assert not metrify_home.exists() or not list(metrify_home.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--name", "ours"],
        ["--name", "ours", "--readings", "readings.csv", "--column", "MPAN"],
        ["--name", "ours", "--readings", "readings.csv", "--column", "kwh=a", "--column", "kwh=b"],
        ["--name", "ours", "--readings", "readings.csv", "--resolution", "hourly"],
        ["--name", "ours", "--readings", "readings.csv", "--meter-column", "tariff"],
    ],
)
def test_wrong_usage_is_code_2(run: Run, readings: str, arguments: list[str]) -> None:
    done = run("import", *arguments)
    assert done.returncode == 2
    assert "Usage" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_resolution_that_is_too_fine_is_refused(run: Run, tmp_path: Path, metrify_home: Path) -> None:
    hours = "".join(f"101,2024-01-01 {hour:02d}:00,1\n" for hour in range(24))
    (tmp_path / "hourly.csv").write_text("meter_id,timestamp,kwh\n" + hours)
    done = run("import", "--name", "ours", "--readings", "hourly.csv", "--resolution", "30")
    assert done.returncode == 1
    assert "every 60 minutes" in done.stderr and "--resolution 60" in done.stderr
    assert not (metrify_home / "datasets" / "ours").exists()


def test_more_readings_are_added_once(run: Run, readings: str, tmp_path: Path) -> None:
    name = ("--name", "ours", "--column", "meter_id=MPAN")
    assert run("import", *name, "--readings", readings).returncode == 0
    late = tmp_path / "late.csv"
    late.write_text("MPAN,timestamp,kwh\n101,2024-01-01 01:00,3\n102,2024-01-01 00:00,4\n")
    done = run("import", *name, "--readings", late.name, "--append", "--json")
    figures = json.loads(done.stdout)
    assert (figures["data_version"], figures["added"], figures["corrected"]) == (2, 1, 1)
    again = run("import", *name, "--readings", late.name, "--append")
    assert (again.returncode, again.stdout) == (0, "This file is in the dataset already, as data version 2.\n")


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--append", "--replace"], "not both"),
        (["--register-digits", "5"], "--register"),
    ],
)
def test_options_that_contradict_each_other_are_wrong_usage(
    run: Run, readings: str, arguments: list[str], part: str
) -> None:
    done = run("import", "--name", "ours", "--readings", readings, *arguments)
    assert done.returncode == 2
    assert part in done.stderr


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--resolution", "30"], "Leave out `--resolution`"),
        (["--timezone", "UTC"], "Leave out `--timezone`"),
        (["--register"], "Leave out `--register`"),
        (["--name", "absent"], "no dataset 'absent' to add to"),
    ],
)
def test_options_that_do_not_fit_the_dataset_are_wrong_usage(
    run: Run, readings: str, arguments: list[str], part: str
) -> None:
    ours = ("--name", "ours", "--readings", readings)
    assert run("import", *ours, "--column", "meter_id=MPAN").returncode == 0
    done = run("import", *ours, "--append", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert part in done.stderr


_IMPORT = ["import", "--name", "ours", "--readings", "readings.csv", "--column", "meter_id=MPAN"]


@pytest.mark.parametrize(
    ("command", "place"),
    [
        (_IMPORT, "file"),
        (_IMPORT, "file/below"),
        (_IMPORT, "/proc/nope/below"),
        (["quality", "simbench"], "file"),
        (["backfill"], "/proc/nope"),
        (["features", "register"], "/proc/nope"),
        (["fetch", "ours", "--url", "http://127.0.0.1:1/readings.csv", "--sha256", "0" * 64], "file"),
    ],
)
def test_a_home_that_can_not_be_made_is_named(
    tmp_path: Path, run_in: Run, readings: str, command: list[str], place: str
) -> None:
    (tmp_path / "file").touch()
    done = run_in(tmp_path / place, *command)
    assert done.returncode == 1
    message = f"METRIFY_HOME {tmp_path / place} is no folder that can be written. Name another one."
    assert done.stderr.splitlines()[-1] == f"error: {message}"
    assert "Traceback" not in done.stderr


def test_a_file_that_is_lost_in_a_good_home_does_not_blame_the_home(metrify_home: Path) -> None:
    metrify_home.mkdir(exist_ok=True)
    lost = f"from pathlib import Path; Path({str(metrify_home / 'lost')!r}).read_text()"
    code = f"from metrify.cli import main\ndef lose(): {lost}\nmain.app = lose\nmain.main()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "METRIFY_HOME": str(metrify_home)},
        capture_output=True,
        text=True,
    )
    assert "FileNotFoundError" in done.stderr and "METRIFY_HOME" not in done.stderr
