"""Runs trainings side by side, each in a process group of its own, so that none outlives the command."""

import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from metrify.cli.training_run import TrainedModel, TrainingPipeline, run_training, training_bars
from metrify.errors import MetrifyError, PipelineRunError

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

    from rich.console import Console

    from metrify.config import Home, MetrifyConfig

_LOOK_SECONDS = 1.0

# A finished task (true) or how far one is (false), the end of a run, or what stopped it.
News = tuple[str, bool] | TrainedModel | MetrifyError


def run_trainings(
    pipeline: TrainingPipeline, configs: Mapping[str, "MetrifyConfig"], source: str, home: "Home", console: "Console"
) -> dict[str, TrainedModel]:
    """Runs a pipeline once for each configuration, each run in a process of its own.

    What the runs share is made once: a run waits for a step that another one is busy with, and reuses its result.

    Args:
        pipeline: The pipeline.
        configs: Configurations by a short name.
        source: Name of the dataset.
        home: Where the stores lie.
        console: Where progress is shown, one bar a run.

    Raises:
        PipelineRunError: A task failed; the other runs are stopped.
    """
    context = multiprocessing.get_context("spawn")
    threads = max(1, (os.cpu_count() or 1) // len(configs))
    told: multiprocessing.Queue[tuple[str, News]] = context.Queue()
    children = {
        name: context.Process(target=_train_in_child, args=(name, pipeline, config, source, home, threads, told))
        for name, config in configs.items()
    }
    finished: dict[str, TrainedModel] = {}
    try:
        for child in children.values():
            child.start()
        with training_bars(pipeline, console, list(configs)) as advance:
            while len(finished) < len(children):
                name, news = _next_news(told, {name: child for name, child in children.items() if name not in finished})
                if isinstance(news, MetrifyError):
                    raise news
                if isinstance(news, TrainedModel):
                    finished[name] = news
                else:
                    text, is_done = news
                    advance(name, text, is_done)
    finally:
        for child in children.values():
            _stop(child)
    return {name: finished[name] for name in configs}


def _train_in_child(
    name: str,
    pipeline: TrainingPipeline,
    config: "MetrifyConfig",
    source: str,
    home: "Home",
    threads: int,
    told: "multiprocessing.Queue[tuple[str, News]]",
) -> None:
    os.setsid()  # a group of its own, so that it can be stopped with the task that it runs
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(threads))  # runs that fight for cores are slower together
    try:
        trained = run_training(
            pipeline,
            config,
            source,
            home,
            lambda task: told.put((name, (task, True))),
            lambda line: told.put((name, (line, False))),
        )
        told.put((name, trained))
    except MetrifyError as error:
        told.put((name, error))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.killpg(0, signal.SIGTERM)


def _next_news(
    told: "multiprocessing.Queue[tuple[str, News]]", children: "Mapping[str, SpawnProcess]"
) -> "tuple[str, News]":
    while True:
        try:
            return told.get(timeout=_LOOK_SECONDS)
        except queue.Empty:
            for name, child in children.items():
                if child.exitcode is not None and told.empty():
                    raise PipelineRunError(
                        f"The training of {name} ended with code {child.exitcode}.",
                        "Look at the newest run.log in the home.",
                    ) from None


def _stop(child: "SpawnProcess") -> None:
    if child.pid is None:
        return
    while child.is_alive():
        try:
            os.killpg(child.pid, signal.SIGTERM)
        except ProcessLookupError:  # it has no group of its own yet, and so no task either
            child.terminate()
        child.join(_LOOK_SECONDS)
    child.join()
