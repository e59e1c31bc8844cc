"""`metrify data features` as people run it, in a home that begins empty."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from click.testing import Result
from typer.testing import CliRunner

from metrify.adapters.feature_repository import STORE_VARIABLE
from metrify.cli.data.features import app
from metrify.features.specification import FEATURES

LENGTH = 696  # of the default configuration
END = "2024-04-01T00:00+02:00"
Invoke = Callable[..., Result]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which features are registered and two meters have windows."""
    root = tmp_path_factory.mktemp("home")
    window = [None, *[0.25] * (LENGTH - 2), 1.5]
    rows = {"MPAN": ["101", "102"], "window_end": [END] * 2, "load_window": [json.dumps(window)] * 2}
    pd.DataFrame(rows).to_csv(root / "values.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("METRIFY_HOME", str(root))
        patch.setenv(STORE_VARIABLE, "")
        registered = CliRunner().invoke(app, ["register", "load_window"])
        assert (registered.exit_code, registered.stdout) == (0, "load_window@2\n"), registered.output
        command = ["store", "load_window", "--values", str(root / "values.csv"), "--column", "meter_id=MPAN", "--json"]
        stored = CliRunner().invoke(app, command)
        assert stored.exit_code == 0, stored.output
    assert json.loads(stored.stdout) == {"feature": "load_window@2", "windows_pushed": 2, "left_out_as_older": 0}
    return root


@pytest.fixture
def invoke(home: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Runs `metrify data features` in this process: importing Feast takes seconds."""
    monkeypatch.setenv("METRIFY_HOME", str(home))
    monkeypatch.setenv(STORE_VARIABLE, "")
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


@pytest.fixture
def run(home: Path) -> Callable[..., subprocess.CompletedProcess]:
    """The same in a process of its own, for what `main` makes of errors."""

    def run(*arguments: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-c", "from metrify.cli.main import main; main()", "data", "features", *arguments]
        environment = {**os.environ, "METRIFY_HOME": str(home), "NO_COLOR": "1", "TERMINAL_WIDTH": "200"}
        return subprocess.run(command, env=environment, cwd=home, capture_output=True, text=True, timeout=60)

    return run


def test_the_newest_window_of_a_meter(invoke: Invoke) -> None:
    shown = invoke("latest", "--meter", "101")
    assert shown.exit_code == 0, shown.output
    assert "window ends 2024-03-31T22:00:00Z" in shown.stdout and "696 intervals, 1 missing" in shown.stdout
    assert "▁▁▁█  last reading 1.500 kWh" in shown.stdout
    found = json.loads(invoke("latest", "--meter", "101", "--meter", "102", "--json").stdout)
    assert [row["meter_id"] for row in found] == ["101", "102"]
    assert found[0]["load_window"] == [None, *[0.25] * (LENGTH - 2), 1.5]


def test_a_meter_that_nobody_knows_is_named(run: Callable) -> None:
    done = run("latest", "--meter", "101", "--meter", "999")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ") and "for instance 999" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_feature_that_nobody_knows_is_wrong_usage(run: Callable) -> None:
    done = run("register", "temperature")
    assert done.returncode == 2
    assert "'temperature'" in done.stderr and "load_window@2" in done.stderr and "lag_24h@1" in done.stderr


def test_before_a_training_nothing_can_be_validated(run: Callable) -> None:
    done = run("validate", "--now", "2024-04-01T00:00Z")
    assert (done.returncode, done.stdout) == (1, "")
    assert "metrify train" in done.stderr


def test_an_older_window_is_left_out(invoke: Invoke, home: Path) -> None:
    rows = {"meter_id": ["101"], "window_end": [pd.Timestamp(END) - pd.Timedelta(hours=1)]}
    path = home / "older.parquet"
    pd.DataFrame({**rows, "load_window": [[0.5] * LENGTH]}).to_parquet(path)
    stored = json.loads(invoke("store", "--values", str(path), "--json").stdout)
    assert (stored["windows_pushed"], stored["left_out_as_older"]) == (0, 1)


@pytest.mark.parametrize(
    ("end", "window", "part"),
    [
        ("2024-04-01T00:00", [0.5] * LENGTH, "without an offset"),
        ("2199-04-01T00:00Z", [0.5] * LENGTH, "has not come yet"),
        (END, [0.5] * (LENGTH - 1), f"no list of {LENGTH} numbers"),
        (END, ["a"] * LENGTH, f"no list of {LENGTH} numbers"),
        (END, [1e9] * LENGTH, "more than 1e+06 kWh"),
    ],
)
def test_values_that_do_not_fit_are_refused(
    invoke: Invoke, tmp_path: Path, end: str, window: list[object], part: str
) -> None:
    path = tmp_path / "values.csv"
    pd.DataFrame({"meter_id": ["101"], "window_end": [end], "load_window": [json.dumps(window)]}).to_csv(path)
    done = invoke("store", "--values", str(path))
    assert done.exit_code == 1
    assert part in str(done.exception) and "data row 1" in str(done.exception)


def test_the_specification_is_listed_beside_what_feast_knows(invoke: Invoke) -> None:
    found = json.loads(invoke("list", "--json").stdout)
    assert [row["label"] for row in found["features"]] == [feature.label for feature in FEATURES]
    stored = [row["label"] for row in found["features"] if row["values"] == "stored"]
    assert stored == ["load_window@2"]
    views = {row["name"]: row for row in found["views"]}
    assert views["meter_load"]["entity"] == "meter"
    assert views["meter_load"]["time_to_live_hours"] == 48
    assert {row["state"] for row in (*found["views"], *found["services"])} == {"registered"}
    lines = [line.split() for line in invoke("list").stdout.splitlines()]
    assert ["load_window@2", "kWh", "readings", "stored"] in lines
    assert ["meter_load", "meter", "48", "h", "forecasting", "registered"] in lines


def test_in_an_empty_home_all_is_declared(invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METRIFY_HOME", str(tmp_path / "empty"))
    found = json.loads(invoke("list", "--json").stdout)
    assert {row["state"] for row in (*found["views"], *found["services"])} == {"declared"}
    assert not (tmp_path / "empty").exists()


def test_a_feature_is_described(invoke: Invoke, home: Path) -> None:
    damaged = home / "bundles" / "load-forecaster" / "lstm-1"
    damaged.mkdir(parents=True)
    (damaged / "bundle.json").write_text("{}")
    found = json.loads(invoke("describe", "load_window", "--json").stdout)
    assert (found["label"], found["unit"], found["values"]) == ("load_window@2", "kWh", "stored")
    assert found["meaning"].startswith("The window by")
    assert [(view["name"], view["push_source"]) for view in found["views"]] == [("meter_load", "load_window_push")]
    assert found["services"] == ["anomaly_detector", "load_forecaster"]
    assert (found["bundles"], found["unreadable_bundles"]) == ([], ["load-forecaster/lstm-1"])
    assert len(found["specification_hash"]) == 64
    shown = invoke("describe", "lag_24h@1").stdout
    assert "The reading whose interval began 24 hours before the origin" in shown
    assert "values    computed" in shown and "damaged   load-forecaster/lstm-1" in shown


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["store"], "--values"),
        (["store", "--values", "a.csv", "--readings", "b.csv"], "not both"),
        (["validate", "--now", "2024-04-01T00:00"], "no offset"),
        (["validate", "--now", "yesterday?"], "no time stamp"),
        (["latest"], "--meter"),
    ],
)
def test_wrong_usage_is_code_2(invoke: Invoke, arguments: list[str], part: str) -> None:
    done = invoke(*arguments)
    assert done.exit_code == 2
    assert part in done.stderr
