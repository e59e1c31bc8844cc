"""The state of a training after an epoch, on disk: a training that was killed goes on from there to the same result."""

import json
import os
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np

_FILE = "checkpoint.npz"
_PROGRESS = "progress"


@dataclass
class Progress:
    """How far a training has come.

    Attributes:
        curve: The losses by epoch.
        best_loss: The lowest validation loss.
        best_weights: The weights that had it.
        epochs_without_gain: Epochs since then.
    """

    curve: list[dict[str, float]] = field(default_factory=list)
    best_loss: float = np.inf
    best_weights: list[np.ndarray] = field(default_factory=list)
    epochs_without_gain: int = 0


def save_checkpoint(folder: Path, model: keras.Model, progress: Progress) -> None:
    """Writes weights, the optimizer's and the dropout's state and the progress, in one step."""
    folder.mkdir(parents=True, exist_ok=True)
    note = {"curve": progress.curve, "best": progress.best_loss, "without_gain": progress.epochs_without_gain}
    arrays = {f"variable_{number}": value for number, value in enumerate(map(_value, _variables(model)))}
    arrays |= {f"best_{number}": value for number, value in enumerate(progress.best_weights)}
    arrays[_PROGRESS] = np.frombuffer(json.dumps(note).encode(), np.uint8)
    partial = folder / f".{_FILE}.{os.getpid()}"
    try:
        with partial.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]  # no array has the name of an option
        partial.replace(folder / _FILE)
    finally:
        partial.unlink(missing_ok=True)


def load_checkpoint(folder: Path, model: keras.Model) -> Progress:
    """Puts a model into the state of its checkpoint.

    Args:
        folder: Where the checkpoint lies.
        model: Compiled, and built like the one that was saved.

    Returns:
        The progress; that of the very beginning where there is no checkpoint, or one of another network.
    """
    path = folder / _FILE
    if not path.is_file():
        return Progress()
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
            arrays = dict(saved)
    except (OSError, ValueError, zipfile.BadZipFile):
        return Progress()  # it was being written when the power went: begin anew
    variables = _variables(model)
    values = [arrays.get(f"variable_{number}") for number in range(len(variables))]
    shapes = [None if value is None else value.shape for value in values]
    if shapes != [tuple(variable.shape) for variable in variables]:
        return Progress()
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    note = json.loads(arrays[_PROGRESS].tobytes())
    best = [arrays[f"best_{number}"] for number in range(len(model.weights))]
    return Progress(note["curve"], note["best"], best, note["without_gain"])


def _variables(model: keras.Model) -> list[keras.Variable]:
    return [*model.variables, *model.optimizer.variables]


def _value(variable: keras.Variable) -> np.ndarray:
    return keras.ops.convert_to_numpy(variable)
