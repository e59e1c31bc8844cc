"""Trains a model on the rows of a protocol as the pipeline does, telling people how far it is."""

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from metrify.cli.bench.forecast.protocol_rows import ProtocolRows
from metrify.config.schema import ConsumptionForecastingConfig
from metrify.forecasting.onnx_model import OnnxModel
from metrify.forecasting.uncalibrated import write_uncalibrated

Tell = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained model.

    Attributes:
        served: Its exported graph, with calibrated intervals.
        uncalibrated: The same without the calibration.
        cpu_seconds: CPU seconds of all threads, from the first row to the exported file.
    """

    served: OnnxModel
    uncalibrated: OnnxModel
    cpu_seconds: float


@dataclass(frozen=True)
class TrainingSides:
    """What a model is fitted to and chosen on.

    Attributes:
        train: Rows to fit.
        validation: Rows to choose and calibrate on.
    """

    train: ProtocolRows
    validation: ProtocolRows

    def without_weather(self) -> "TrainingSides":
        """The same without the features of the weather."""
        return TrainingSides(self.train.without_weather(), self.validation.without_weather())


def train_model(
    sides: TrainingSides, config: ConsumptionForecastingConfig, folder: Path, label: str, tell: Tell
) -> Trained:
    """Trains, calibrates and exports.

    A training that was stopped goes on in its folder after its last whole epoch or level, and one that was through is
    read from there. CPU seconds are those of all runs, without what was lost.

    Args:
        sides: The rows.
        config: Model and training parameters.
        folder: Of this training alone: its graphs, checkpoints and CPU seconds.
        label: What the model is called in the progress.
        tell: Where progress goes.
    """
    from metrify.forecasting.training import train_model as training  # TensorFlow takes seconds to import

    path, before, checkpoints = folder / "model.onnx", folder / "uncalibrated.onnx", folder / "checkpoints"
    folder.mkdir(parents=True, exist_ok=True)
    clock = _Clock(folder / "spent.json")
    if clock.is_through:
        tell(f"{label}: was trained by the run that was stopped")
        return Trained(OnnxModel(path), OnnxModel(before), clock.seconds)
    chosen = _draw(sides.train, config)
    tell(f"{label}: {len(chosen):,} windows to fit, {len(sides.validation):,} to validate")
    report = _teller(config, label, tell)

    def on_step(step: int, losses: dict[str, float]) -> None:
        clock.note(is_through=False)
        report(step, losses)

    training.train_model(chosen, sides.validation, config, chosen.protocol.day_length, path, on_step, checkpoints)
    write_uncalibrated(path, before)
    clock.note(is_through=True)
    shutil.rmtree(checkpoints, ignore_errors=True)
    return Trained(OnnxModel(path), OnnxModel(before), clock.seconds)


class _Clock:
    """CPU seconds of a training over all runs that worked on it, kept in a file.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        self._path, self._before, self._started = path, kept.get("seconds", 0.0), time.process_time()
        self.seconds, self.is_through = self._before, kept.get("is_through", False)

    def note(self, is_through: bool) -> None:
        """Writes what was spent until now."""
        self.seconds, self.is_through = self._before + time.process_time() - self._started, is_through
        partial = self._path.with_suffix(".partial")
        partial.write_text(json.dumps({"seconds": self.seconds, "is_through": is_through}), encoding="utf-8")
        partial.replace(self._path)


def _draw(rows: ProtocolRows, config: ConsumptionForecastingConfig) -> ProtocolRows:
    """At most `max_training_windows` of the rows, by a seeded draw, as the training pipeline does."""
    if len(rows) <= config.max_training_windows:
        return rows
    drawn = np.random.default_rng(config.seed).choice(len(rows), config.max_training_windows, replace=False)
    return rows.choose(np.sort(drawn))


def _teller(config: ConsumptionForecastingConfig, label: str, tell: Tell) -> Callable[[int, dict[str, float]], None]:
    unit, total = "level" if config.model_type == "lightgbm" else "epoch", config.steps_of_training
    started = time.monotonic()

    def on_step(step: int, losses: dict[str, float]) -> None:
        figures = ", ".join(f"{name} {value:.4g}" for name, value in losses.items())
        left = (time.monotonic() - started) / step * (total - step)
        tell(f"{label}: {unit} {step} of {total}, {figures}, at most {left:.0f} s left")

    return on_step
