"""Of each step the results that were used last are kept, and none goes while somebody copies it."""

import multiprocessing
import random
from collections.abc import Callable
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from metrify.config import Home
from metrify.steps.kept_results import RESULTS_PER_STEP, lock_file
from metrify.steps.lock import locked
from metrify.steps.reuse import reusable

Step = Callable[[int], bool]
FILES = 20
processes = multiprocessing.get_context("fork")


def count_up(home: Home, folder: Path) -> Step:
    """A step that writes a folder of numbers; says whether it had to work for it."""
    worked: list[int] = []

    @reusable(outputs=("output",))
    def count(start: int, output: Path, home: Home | None = None) -> dict[str, float]:
        worked.append(start)
        output.mkdir(parents=True)
        for number in range(FILES):
            (output / str(number)).write_text(str(start + number))
        return {"start": start}

    def run(start: int) -> bool:
        worked.clear()
        output = folder / f"{start}-{random.getrandbits(64)}"
        assert count(start, output, home) == {"start": start}
        assert [(output / str(number)).read_text() for number in range(FILES)] == [
            str(start + number) for number in range(FILES)
        ]
        return bool(worked)

    return run


def results(home: Home) -> list[Path]:
    return sorted((home.step_cache / "count").glob("[!.]*/"))


@pytest.fixture
def home(metrify_home: Path) -> Home:
    return Home(metrify_home)


def test_the_results_that_were_used_last_are_kept(home: Home, tmp_path: Path) -> None:
    run = count_up(home, tmp_path)
    assert all(run(start) for start in range(RESULTS_PER_STEP))
    assert not run(0)
    assert run(100)  # the one from 1 on was not used for the longest time
    assert len(results(home)) == RESULTS_PER_STEP
    assert not run(0)
    assert run(1)


def test_a_step_that_fills_a_store_keeps_as_few(home: Home, tmp_path: Path) -> None:
    @reusable(outputs=("output",), fills=lambda home: home.feature_store)
    def count(start: int, output: Path, home: Home | None = None) -> dict[str, float]:
        output.write_text(str(start))
        return {}

    for start in range(2 * RESULTS_PER_STEP):
        count(start, tmp_path / "out", home)
    assert len(results(home)) == RESULTS_PER_STEP


def test_what_a_stopped_process_left_goes(home: Home, tmp_path: Path) -> None:
    run = count_up(home, tmp_path)
    run(0)
    left = results(home)[0].with_name(".abcdef.0123")
    left.mkdir()
    (left / "half").write_text("1")
    run(1)
    assert not left.exists()
    assert len(results(home)) == 2


def _hold(lock: Path, holds: Event, done: Event) -> None:
    with locked(lock):
        holds.set()
        done.wait(60)


def test_a_result_that_another_process_is_busy_with_stays(home: Home, tmp_path: Path) -> None:
    run = count_up(home, tmp_path)
    run(0)
    (oldest,) = results(home)
    holds, done = processes.Event(), processes.Event()
    other = processes.Process(target=_hold, args=(lock_file(oldest), holds, done))
    other.start()
    try:
        assert holds.wait(60)
        for start in range(1, RESULTS_PER_STEP + 3):
            run(start)
        assert oldest in results(home)
        assert len(results(home)) == RESULTS_PER_STEP + 1
    finally:
        done.set()
        other.join(60)
    run(1000)
    assert oldest not in results(home)
    assert len(results(home)) == RESULTS_PER_STEP


def _run_often(home: Home, folder: Path, seed: int) -> None:
    run, generator = count_up(home, folder), random.Random(seed)
    for _ in range(150):
        run(generator.randrange(2 * RESULTS_PER_STEP))


def test_two_processes_that_restore_and_remove_at_once_both_get_whole_results(home: Home, tmp_path: Path) -> None:
    runs = [processes.Process(target=_run_often, args=(home, tmp_path / str(seed), seed)) for seed in (1, 2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join(120)
        assert run.exitcode == 0
    count_up(home, tmp_path)(-1)
    assert len(results(home)) == RESULTS_PER_STEP
    assert not list((home.step_cache / "count").glob(".*/"))
