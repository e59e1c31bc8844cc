"""Results of steps that are kept in the home, so that they can be used again: the newest few of each step.

A result is a folder named by its key. Whoever makes or copies one holds the lock file beside it.
"""

import json
import os
import shutil
import uuid
from pathlib import Path

from metrify.steps.lock import locked, locked_if_free

RESULTS_PER_STEP = 4  # a network of either kind, on two states of the readings
_FIGURES_FILE = "figures.json"

Figures = dict[str, float]


def lock_file(kept: Path) -> Path:
    """The lock of a result."""
    return kept.with_suffix(".lock")


def keep_result(kept: Path, paths: dict[str, Path], figures: Figures) -> None:
    """Keeps a result. It is complete or it is not there.

    Args:
        kept: Where it is kept.
        paths: Files and folders that the step wrote, by the names of its arguments.
        figures: What it returned.
    """
    partial = _partial(kept)
    partial.mkdir(parents=True)
    try:
        for name, path in paths.items():
            _copy(path, partial / name)
        (partial / _FIGURES_FILE).write_text(json.dumps(figures), encoding="utf-8")
        shutil.rmtree(kept, ignore_errors=True)
        partial.replace(kept)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def restore_result(kept: Path, paths: dict[str, Path]) -> Figures:
    """Copies a result to where a step was to write it, and returns its figures. It counts as used now."""
    for name, path in paths.items():
        _copy(kept / name, path)
    os.utime(kept)
    return json.loads((kept / _FIGURES_FILE).read_text(encoding="utf-8"))


def remove_oldest_results(folder: Path) -> None:
    """Leaves the results of a step that were used last, and those that somebody is busy with.

    What a process left that was stopped while it kept a result goes too. Lock files stay: they are empty, and who waits
    for one that is deleted would no longer wait for the others.

    Args:
        folder: Folder of the step's results.
    """
    with locked(folder / ".remove.lock"):  # one at a time, so that none is counted that another one removes
        results = sorted(folder.glob("[!.]*/"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for kept in results[RESULTS_PER_STEP:]:
            with locked_if_free(lock_file(kept)) as is_free:
                if is_free:
                    kept.replace(_partial(kept))  # so that a stop on the way leaves no half of a result
        for partial in folder.glob(".*/"):
            with locked_if_free(lock_file(folder / partial.name.split(".")[1])) as is_free:
                if is_free:
                    shutil.rmtree(partial, ignore_errors=True)  # its maker may have finished it meanwhile


def _partial(kept: Path) -> Path:
    return kept.with_name(f".{kept.name}.{uuid.uuid4().hex}")


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copyfile(source, target)
