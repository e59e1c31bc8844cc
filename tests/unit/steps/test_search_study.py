"""A search that is killed goes on, and processes share its trials."""

import multiprocessing
import os
import time
from pathlib import Path
from typing import Any

import pytest

from metrify.config.search_space import SearchRange, SearchSpace
from metrify.steps.search_study import SearchStudy, TrialStoppedError

SPACE: SearchSpace = {
    "learning_rate": SearchRange(low=1e-4, high=1e-1, log=True),
    "epochs": SearchRange(low=1, high=9),
    "lstm_units": (16, 32),
}


def loss_of(parameters: dict[str, Any]) -> float:
    return abs(parameters["learning_rate"] - 0.01) + parameters["epochs"] / 100 + parameters["lstm_units"] / 1_000


def run(folder: Path, trials: int, seed: int = 0, stop_before: int | None = None) -> list[dict[str, Any]]:
    """Runs trials; what was tried. With `stop_before`, the process is gone while that trial runs."""
    study = SearchStudy(folder, "one", SPACE, seed)
    tried = []
    while True:
        with study.claim(trials) as trial:
            if trial is None:
                return tried
            if trial.number == stop_before:
                os._exit(9)
            tried.append(trial.parameters)
            study.finish(trial, loss_of(trial.parameters))


def share(folder: Path, trials: int) -> None:
    study = SearchStudy(folder, "one", SPACE, 0)
    while True:
        with study.claim(trials) as trial:
            if trial is None:
                return
            time.sleep(0.02)
            study.finish(trial, loss_of(trial.parameters))


def test_values_are_those_of_the_space(tmp_path: Path) -> None:
    tried = run(tmp_path, 15)
    assert len(tried) == 15
    assert all(1e-4 <= parameters["learning_rate"] <= 1e-1 for parameters in tried)
    assert {type(parameters["epochs"]) for parameters in tried} == {int}
    assert {parameters["lstm_units"] for parameters in tried} == {16, 32}
    assert len({parameters["learning_rate"] for parameters in tried}) == 15


def test_the_best_is_the_one_with_the_lowest_loss(tmp_path: Path) -> None:
    tried = run(tmp_path, 12)
    parameters, loss = SearchStudy(tmp_path, "one", SPACE, 0).best
    assert parameters == min(tried, key=loss_of)
    assert loss == pytest.approx(min(map(loss_of, tried)))


def test_the_same_seed_tries_the_same_and_another_one_does_not(tmp_path: Path) -> None:
    first, again, other = (run(tmp_path / name, 10, seed) for name, seed in (("a", 0), ("b", 0), ("c", 100)))
    assert first == again
    assert first != other


def test_a_search_that_is_killed_goes_on_with_the_trial_that_ran(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole", 12)
    killed = multiprocessing.get_context("spawn").Process(target=run, args=(tmp_path / "killed", 12, 0, 10))
    killed.start()
    killed.join()
    assert killed.exitcode == 9
    assert run(tmp_path / "killed", 12) == whole[10:]
    assert SearchStudy(tmp_path / "killed", "one", SPACE, 0).done == 12


def test_more_trials_are_added_to_those_that_were_run(tmp_path: Path) -> None:
    run(tmp_path, 3)
    assert len(run(tmp_path, 5)) == 2
    assert run(tmp_path, 5) == []


def test_processes_share_the_trials(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=share, args=(tmp_path, 24)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert SearchStudy(tmp_path, "one", SPACE, 0).done == 24


def test_a_trial_that_is_worse_than_the_median_is_stopped(tmp_path: Path) -> None:
    study = SearchStudy(tmp_path, "one", SPACE, 0)
    for loss in (1.0, 1.1, 1.2, 1.3):
        with study.claim(6) as trial:
            trial.report(1, loss)
            study.finish(trial, loss)
    with study.claim(6) as trial:
        trial.report(1, 1.05)
        study.finish(trial, 1.05)
    with study.claim(6) as trial:
        with pytest.raises(TrialStoppedError):
            trial.report(1, 5.0)
        study.stop(trial)
    assert study.done == 6
    assert study.best[1] == 1.0
