"""Runs a compiled pipeline on this machine: the same IR that a cluster gets, executed with `kfp.local`."""

import io
import json
import logging
import os
import re
import uuid
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import yaml
from kfp import components, local

from metrify.config import Home
from metrify.errors import PipelineRunError
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
    """Keeps what a run prints, and tells of each task that finished."""

    def __init__(self, on_task: Callable[[str], None]) -> None:
        super().__init__()
        self._on_task = on_task

    def write(self, text: str) -> int:
        for name in _FINISHED_TASK.findall(text):
            self._on_task(name)
        return super().write(text)


def task_names(pipeline: str) -> list[str]:
    """The tasks of a compiled pipeline."""
    ir = yaml.safe_load((COMPILED_FOLDER / f"{pipeline}.yaml").read_text(encoding="utf-8"))
    return list(ir["root"]["dag"]["tasks"])


def run_local(
    pipeline: str, arguments: dict[str, object], home: Home, on_task: Callable[[str], None] = lambda name: None
) -> LocalRun:
    """Loads a compiled IR and executes it.

    Args:
        pipeline: Name of the pipeline.
        arguments: Its parameters.
        home: Where the outputs go, in a folder of this run; the tasks work on the stores of the same home.
        on_task: Called with the name of each task that finished.

    Raises:
        PipelineRunError: A task failed; the message carries the root cause, which the runner itself only logs.
    """
    folder = home.runs / f"{pipeline}-{uuid.uuid4().hex[:8]}"
    folder.mkdir(parents=True)
    os.environ["METRIFY_HOME"] = str(home.root)
    local.init(local.SubprocessRunner(use_venv=False), pipeline_root=str(folder))
    task = components.load_component_from_file(str(COMPILED_FOLDER / f"{pipeline}.yaml"))
    log = _Log(on_task)
    handler = logging.StreamHandler(log)
    logging.getLogger().addHandler(handler)
    try:
        with redirect_stdout(log), redirect_stderr(log):
            task(**arguments)
    except RuntimeError as error:
        raise PipelineRunError(
            f"The pipeline {pipeline} failed: {_root_cause(log.getvalue()) or error}",
            f"Its log is {folder / 'run.log'}.",
        ) from error
    finally:
        logging.getLogger().removeHandler(handler)
        (folder / "run.log").write_text(log.getvalue(), encoding="utf-8")
    return LocalRun(folder, log.getvalue().count(REUSED_LINE))


def _root_cause(log: str) -> str:
    found = _ERROR_LINE.findall(log)
    return found[-1][1] if found else ""
