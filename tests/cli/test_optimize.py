"""`metrify optimize`, as it is called."""

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from metrify.config import Home
from metrify.grid.feeder_files import StoredFeeder, read_feeder, write_feeder
from metrify.grid.setpoints import Setpoints
from metrify.grid.settlement import settle
from metrify.grid.state import State
from metrify.grid.tariff import Tariff

from ..grid_bundle import write_grid_bundle
from ..unit.grid.made_up_feeder import ZONE, make_up_day, make_up_feeder
from .conftest import RunMain

NAME = "line"
FIRST, LAST = "2016-01-05", "2016-01-11"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a feeder of a week, and one whose load exceeds its line on every day of it."""
    root, day = tmp_path_factory.mktemp("optimize") / "home", make_up_day()
    week = replace(day, **{name: np.tile(getattr(day, name), (7, 1)) for name in ("load_kw", "load_kvar", "pv_kw")})
    write_feeder(root / "feeders" / NAME, StoredFeeder(make_up_feeder(), week, ZONE))
    load = np.where(np.arange(len(week))[:, None] % 96 < 4, 120.0, week.load_kw)
    write_feeder(root / "feeders" / "weak", StoredFeeder(make_up_feeder(), replace(week, load_kw=load), ZONE))
    return root


@pytest.fixture(scope="module")
def bundle(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the first one, whose energy costs more in the evening."""
    folder, keys = tmp_path_factory.mktemp("bundle"), Home(home).keys
    return write_grid_bundle(folder, "one", make_up_feeder(), ZONE, keys, "learnt", high_eur_per_kwh=0.77)


@pytest.fixture
def optimize(run_main: RunMain, home: Path, tmp_path: Path):  # type: ignore[no-untyped-def]
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return run_main(home, tmp_path, "optimize", *arguments)

    return run


def test_a_plan_tells_its_saving_its_actions_and_its_limits(optimize) -> None:  # type: ignore[no-untyped-def]
    run = optimize("--feeder", NAME)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith(f"line on {LAST}, forecast: day before, decided by model_predictive\nsaves ")
    assert re.search(r"charge +\d+\.\d kWh +battery: charges .* at 0\.12 EUR/kWh before the price of 0\.35", run.stdout)
    assert "highest loading" in run.stdout and "HiGHS" not in run.stdout


def test_the_setpoints_of_the_json_settle_to_its_figures(optimize, home: Path) -> None:  # type: ignore[no-untyped-def]
    run = optimize("--feeder", NAME, "--day", LAST, "--measured", "--stored-kwh", "30", "--json")
    told = json.loads(run.stdout)
    stored = read_feeder(Home(home).feeders / NAME)
    setpoints = Setpoints(
        *(
            np.array(list(told["setpoints"][name].values())).T if told["setpoints"][name] else np.zeros((96, 1))
            for name in ("battery_kw", "curtailed_kw", "pv_kvar", "shifted_kw")
        ),
        np.array(told["setpoints"]["tap_position"]),
    )
    day = stored.profiles.steps(6 * 96, 96)
    assert told["setpoints"]["timestamp"][0] == "2016-01-10T23:00:00Z" and told["expected"] == "measured"
    state = replace(State.empty(stored.feeder), stored_kwh=np.array([30.0]))
    settled = settle(stored.feeder, day, setpoints, state, Tariff(), ZONE)
    assert told["figures"]["cost"]["planned"] == pytest.approx(settled.cost_eur)
    assert told["figures"]["peak"]["planned"] == pytest.approx(settled.peak_kw)


def test_other_prices_are_taken_from_the_configuration(optimize, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "prices.yaml").write_text("grid: {tariff: {high_eur_per_kwh: 0.77}}\n")
    assert "the price of 0.77" in optimize("--feeder", NAME, "--config", "prices.yaml").stdout


def test_the_page_holds_the_picture_and_the_reasons(optimize, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert optimize("--feeder", NAME, "--output", "plan.html").returncode == 0
    page = (tmp_path / "plan.html").read_text(encoding="utf-8")
    assert "before the price of 0.35" in page and "net power into the feeder" in page and "Limits that bind" in page


def test_a_day_whose_limits_can_not_be_kept_is_an_error_with_the_least_violation(optimize) -> None:  # type: ignore[no-untyped-def]
    run = optimize("--feeder", "weak", "--day", LAST)
    assert run.returncode == 1
    assert re.search(r"can't all be kept: line: loading 1\d\d\.\d % at 00:\d\d, .*the least violation", run.stderr)
    rested = optimize("--feeder", "weak", "--day", LAST, "--stored-kwh", "90")
    assert rested.returncode == 0 and "not kept" not in rested.stdout
    left = optimize("--feeder", "weak", "--day", LAST, "--stored-kwh", "90", "--controller", "none")
    assert left.returncode == 0 and "it can be kept" in left.stdout


def test_a_day_without_a_forecast_is_left_to_the_rule_and_marked(optimize) -> None:  # type: ignore[no-untyped-def]
    told = json.loads(optimize("--feeder", NAME, "--day", FIRST, "--json").stdout)
    assert told["degraded"] and told["controller"] == "self_consumption" and "no forecast" in told["degraded_reason"]
    assert not json.loads(optimize("--feeder", NAME, "--day", FIRST, "--measured", "--json").stdout)["degraded"]


def test_a_bundle_decides_by_its_own_prices(optimize, bundle: Path) -> None:  # type: ignore[no-untyped-def]
    told = json.loads(optimize("--feeder", NAME, "--bundle", str(bundle), "--json").stdout)
    assert told["controller"] == "learnt" and len(told["setpoints"]["timestamp"]) == 96
    planned = optimize("--feeder", NAME, "--bundle", str(bundle), "--controller", "model_predictive")
    assert "decided by model_predictive" in planned.stdout and "the price of 0.77" in planned.stdout
    told = json.loads(optimize("--feeder", NAME, "--bundle", str(bundle), "--day", FIRST, "--json").stdout)
    assert told["degraded"] and told["controller"] == "self_consumption"
    run = optimize("--feeder", "weak", "--bundle", str(bundle))
    assert run.returncode == 2 and "controls line, and not weak" in run.stderr


def test_tomorrow_can_be_planned_and_the_day_after_it_not(optimize) -> None:  # type: ignore[no-untyped-def]
    assert optimize("--feeder", NAME, "--day", "2016-01-12").returncode == 0
    run = optimize("--feeder", NAME, "--day", "2016-01-13")
    assert run.returncode == 1 and "its profiles are from 2016-01-05 00:00 to 2016-01-12 00:00" in run.stderr
    measured = optimize("--feeder", NAME, "--day", "2016-01-12", "--measured")
    assert measured.returncode == 1 and "Nothing can be measured" in measured.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--feeder", "nowhere"), 1, "There is no feeder 'nowhere'. Use one of 1-LV-rural1--2-sw"),
        (("--feeder", NAME, "--day", "soon"), 2, "is no date"),
        (("--feeder", NAME, "--stored-kwh", "101"), 1, "can't hold 101 kWh. Give 0 to 100"),
        (("--feeder", NAME, "--output", "."), 2, "is a folder"),
        (("--feeder", NAME, "--controller", "learnt"), 2, "Nothing was learnt of line. Run `metrify train --models"),
    ],
)
def test_wrong_use_is_told_with_its_mend(optimize, arguments: tuple[str, ...], code: int, said: str) -> None:  # type: ignore[no-untyped-def]
    run = optimize(*arguments)
    assert run.returncode == code and said in run.stderr, run.stderr
