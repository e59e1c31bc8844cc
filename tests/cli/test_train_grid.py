"""What `metrify train --models grid` says before and after it trains."""

from pathlib import Path

import pytest

from metrify.cli.trainable import TRAINABLE, Models
from metrify.config import Home, default_config
from metrify.grid.feeder_files import StoredFeeder, write_feeder

from ..unit.grid.made_up_feeder import ZONE, make_up_day, make_up_feeder
from .conftest import RunMain

GRID = ("train", "--models", "grid")


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("--dataset", "nowhere"), 1, "There is no feeder 'nowhere'"),
        (("--search", "2"), 2, "There is no search for parameters of controllers"),
        (("--data-size", "3"), 2, "--data-size 3"),
    ],
)
def test_what_can_t_be_trained_is_refused_at_once(
    run_main: RunMain, tmp_path: Path, arguments: tuple[str, ...], code: int, text: str
) -> None:
    run = run_main(tmp_path / "home", tmp_path, *GRID, *arguments)
    assert run.returncode == code and text in run.stderr
    assert not (tmp_path / "home" / "runs").exists()


def test_feeders_are_trained_on_a_simbench_grid_unless_another_is_named(tmp_path: Path) -> None:
    grid, home = TRAINABLE[Models.GRID], Home(tmp_path)
    write_feeder(home.feeders / "line", StoredFeeder(make_up_feeder(), make_up_day(), ZONE))
    for source in (grid.default_source(), "line"):
        grid.tell_consequences(source, home, None)
    assert grid.default_source() == "1-LV-rural1--2-sw"


def test_the_size_is_in_weeks(tmp_path: Path) -> None:
    config = TRAINABLE[Models.GRID].with_size(default_config(), 9)
    assert config.training.grid_optimization.max_training_weeks == 9


def test_what_comes_next_is_a_plan_and_forecasts_of_the_feeders_meters() -> None:
    plan, forecasts = TRAINABLE[Models.GRID].next_steps("line", "grid-optimizer")
    assert plan.endswith("optimize --feeder line")
    assert "train --dataset line, so that" in forecasts
