"""A step's result is reused exactly as long as everything it depends on is the same."""

import multiprocessing
import time
from pathlib import Path

import pytest

from metrify.config import Home, MetrifyConfig, default_config
from metrify.steps.reuse import NETWORK_PARAMETERS, SERVING_SECTIONS, reusable


@pytest.fixture
def home(metrify_home: Path) -> Home:
    return Home(metrify_home)


@pytest.fixture
def calls() -> list[str]:
    return []


@pytest.fixture
def step(calls: list[str]):
    @reusable(outputs=("output",), ignores=(*SERVING_SECTIONS, *NETWORK_PARAMETERS))
    def shout(source: Path, output: Path, config: MetrifyConfig, home: Home | None = None) -> dict[str, float]:
        calls.append(source.read_text())
        output.write_text(source.read_text().upper())
        return {"letters": len(source.read_text())}

    return shout


def test_the_same_input_is_worked_on_once(step, calls, home: Home, tmp_path: Path) -> None:
    for name in ("one", "two"):  # another path with the same content is the same input
        (tmp_path / name).write_text("kwh")
        assert step(tmp_path / name, tmp_path / f"{name}.out", default_config(), home) == {"letters": 3}
        assert (tmp_path / f"{name}.out").read_text() == "KWH"
    assert calls == ["kwh"]


def test_another_content_is_another_input(step, calls, home: Home, tmp_path: Path) -> None:
    source = tmp_path / "source"
    for text in ("kwh", "kw", "kwh"):
        source.write_text(text)
        step(source, tmp_path / "out", default_config(), home)
        assert (tmp_path / "out").read_text() == text.upper()
    assert calls == ["kwh", "kw"]


@pytest.mark.parametrize(
    ("section", "values", "worked"),
    [
        ("splits", {"seed": 1}, 2),
        ("feature_engineering", {"lookback_window": 700}, 2),
        ("serving", {"port": 9000}, 1),
        ("rollout", {"canary_percent": 5}, 1),
    ],
)
def test_only_keys_that_are_ignored_by_name_do_not_count(
    step, calls, home: Home, tmp_path: Path, section: str, values: dict, worked: int
) -> None:
    source = tmp_path / "source"
    source.write_text("kwh")
    changed = default_config().model_dump()
    changed[section].update(values)
    for config in (default_config(), MetrifyConfig.model_validate(changed)):
        step(source, tmp_path / "out", config, home)
    assert len(calls) == worked


def test_every_ignored_key_exists(step, home: Home, tmp_path: Path) -> None:
    @reusable(outputs=("output",), ignores=("training.typo",))
    def broken(output: Path, config: MetrifyConfig, home: Home | None = None) -> dict[str, float]:
        return {}

    with pytest.raises(KeyError, match="typo"):
        broken(tmp_path / "out", default_config(), home)


def test_a_step_that_fails_leaves_nothing_to_reuse(home: Home, tmp_path: Path) -> None:
    attempts = []

    @reusable(outputs=("output",))
    def fragile(output: Path, home: Home | None = None) -> dict[str, float]:
        attempts.append(output)
        output.write_text("half")
        if len(attempts) == 1:
            raise ValueError("no")
        return {}

    with pytest.raises(ValueError, match="no"):
        fragile(tmp_path / "out", home)
    assert fragile(tmp_path / "out", home) == {}
    assert len(attempts) == 2


def test_a_store_that_was_filled_with_something_else_is_filled_again(home: Home, tmp_path: Path) -> None:
    filled = []

    @reusable(outputs=("output",), fills=lambda home: home.feature_store)
    def fill(text: str, output: Path, home: Home | None = None) -> dict[str, float]:
        filled.append(text)
        output.write_text(text)
        return {}

    for text in ("a", "a", "b", "a"):
        fill(text, tmp_path / "out", home)
    assert filled == ["a", "b", "a"]


def _work_slowly(home: Home, folder: Path, name: str) -> None:
    @reusable(outputs=("output",))
    def slow(output: Path, home: Home | None = None) -> dict[str, float]:
        with (folder / "worked").open("a") as file:
            file.write(f"{name}\n")
        time.sleep(0.5)
        output.write_text("done")
        return {}

    slow(folder / name, home)


def test_a_run_waits_for_the_step_that_another_one_is_busy_with(home: Home, tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    runs = [context.Process(target=_work_slowly, args=(home, tmp_path, name)) for name in ("one", "two")]
    for run in runs:
        run.start()
    for run in runs:
        run.join(30)
        assert run.exitcode == 0
    assert len((tmp_path / "worked").read_text().splitlines()) == 1
    assert [(tmp_path / name).read_text() for name in ("one", "two")] == ["done", "done"]
