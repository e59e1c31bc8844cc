"""Runs a compiled pipeline on this machine: the same IR that a cluster gets, executed with `kfp.local`."""

import builtins
import io
import json
import logging
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import yaml
from kfp import components, local

from metrify.config import Home
from metrify.errors import PipelineRunError
from metrify.steps.progress import PROGRESS_LINE
from metrify.steps.reuse import REUSED_LINE
from pipelines.compile import COMPILED_FOLDER

_FINISHED_TASK = re.compile(r"Task \x1b\[\d+m'([\w-]+)'\x1b\[0m finished with status \x1b\[\d+mSUCCESS")
_ERROR_LINE = re.compile(r"(?:[\w.]+\.)?(\w+Error|\w+Exception): (.+)")


@dataclass(frozen=True)
class LocalRun:
    """A finished run.

    Attributes:
        folder: Outputs of its tasks, `<task>/<output>`.
        reused: How many steps took the result of an earlier run.
    """

    folder: Path
    reused: int

    def output(self, task: str, name: str) -> Path:
        """The file or folder of a task's output artifact."""
        return next(self.folder.glob(f"*/{task}/{name}"))

    def metrics(self, task: str) -> dict[str, float]:
        """The figures that a task logged."""
        executor = json.loads(next(self.folder.glob(f"*/{task}/executor_output.json")).read_text(encoding="utf-8"))
        return executor["artifacts"]["metrics"]["artifacts"][0]["metadata"]


class _Log(io.StringIO):
    """Keeps what a run prints, also in a file at once; tells of each task that finished and of progress within one."""

    def __init__(self, file: TextIO, on_task: Callable[[str], None], on_progress: Callable[[str], None]) -> None:
        super().__init__()
        self._file, self._on_task, self._on_progress = file, on_task, on_progress

    def write(self, text: str) -> int:
        self._file.write(text)
        for name in _FINISHED_TASK.findall(text):
            self._on_task(name)
        for line in PROGRESS_LINE.findall(text):
            self._on_progress(line)
        return super().write(text)


def task_names(pipeline: str) -> list[str]:
    """The tasks of a compiled pipeline."""
    ir = yaml.safe_load((COMPILED_FOLDER / f"{pipeline}.yaml").read_text(encoding="utf-8"))
    return list(ir["root"]["dag"]["tasks"])


def run_local(
    pipeline: str,
    arguments: dict[str, object],
    home: Home,
    on_task: Callable[[str], None] = lambda name: None,
    on_progress: Callable[[str], None] = lambda line: None,
) -> LocalRun:
    """Loads a compiled IR and executes it.

    Args:
        pipeline: Name of the pipeline.
        arguments: Its parameters.
        home: Where the outputs go, in a folder of this run; the tasks work on the stores of the same home.
        on_task: Called with the name of each task that finished.
        on_progress: Called with each line in which a task tells how far it is.

    Raises:
        PipelineRunError: A task failed; the message carries the root cause, which the runner itself only logs.
    """
    folder = home.runs / f"{pipeline}-{uuid.uuid4().hex[:8]}"
    folder.mkdir(parents=True)
    os.environ["METRIFY_HOME"] = str(home.root)
    local.init(local.SubprocessRunner(use_venv=False), pipeline_root=str(folder))
    task = components.load_component_from_file(str(COMPILED_FOLDER / f"{pipeline}.yaml"))
    with (folder / "run.log").open("w", encoding="utf-8", buffering=1) as file, _scratch(folder / "scratch"):
        log = _Log(file, on_task, on_progress)
        handler = logging.StreamHandler(log)
        logging.getLogger().addHandler(handler)
        try:
            with redirect_stdout(log), redirect_stderr(log), _printing_and_logging_restored():
                task(**arguments)
        except RuntimeError as error:
            raise PipelineRunError(
                f"The pipeline {pipeline} failed: {_root_cause(log.getvalue()) or error}",
                f"Its log is {folder / 'run.log'}.",
            ) from error
        finally:
            logging.getLogger().removeHandler(handler)
    return LocalRun(folder, log.getvalue().count(REUSED_LINE))


@contextmanager
def _printing_and_logging_restored() -> Iterator[None]:
    """Two tasks of a loop run at the same time, and the runner makes each put back what the other one replaced."""
    logger = logging.getLogger()
    before, handlers, level = builtins.print, logger.handlers[:], logger.level
    try:
        yield
    finally:
        builtins.print, logger.handlers[:] = before, handlers
        logger.setLevel(level)


@contextmanager
def _scratch(folder: Path) -> Iterator[None]:
    """Where the tasks put temporary files: the runner makes a folder for each and leaves it behind."""
    before = os.environ.get("TMPDIR")
    folder.mkdir()
    os.environ["TMPDIR"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before
        shutil.rmtree(folder, ignore_errors=True)


def _root_cause(log: str) -> str:
    found = _ERROR_LINE.findall(log)
    return found[-1][1] if found else ""
