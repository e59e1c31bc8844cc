"""Trains a model on the rows of a protocol and exports it with calibrated intervals, telling people how far it is."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from metrify.cli.bench.forecast.forecasters import fit_calibration, forecast_by_graph
from metrify.cli.bench.forecast.protocol_rows import ProtocolRows
from metrify.config.schema import ConsumptionForecastingConfig
from metrify.forecasting.onnx_model import OnnxModel

Tell = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained model.

    Attributes:
        served: Its exported graph, with calibrated intervals.
        uncalibrated: The same without the calibration.
        cpu_seconds: CPU seconds of all threads in all fits.
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
        both: Rows of both sides, for a fit after the choice; None where there is none.
    """

    train: ProtocolRows
    validation: ProtocolRows
    both: ProtocolRows | None

    def without_weather(self) -> "TrainingSides":
        """The same without the features of the weather."""
        both = None if self.both is None else self.both.without_weather()
        return TrainingSides(self.train.without_weather(), self.validation.without_weather(), both)


def train_model(
    sides: TrainingSides, config: ConsumptionForecastingConfig, folder: Path, label: str, tell: Tell
) -> Trained:
    """Fits, chooses on validation and calibrates on it; then fits again to both sides where that is asked for.

    The second fit is as long as the first should have been, and has its calibration, since no rows are left to choose
    and to calibrate on.

    Args:
        sides: The rows.
        config: Model and training parameters.
        folder: Where the graphs are written.
        label: What the model is called in the progress.
        tell: Where progress goes.
    """
    from metrify.forecasting.training.calibrate_graph import calibrate_graph

    path = folder / "model.onnx"
    spent, curve = _fit(sides.train, sides.validation, config, path, label, tell)
    chosen_on = forecast_by_graph(OnnxModel(path), sides.validation)
    calibration = fit_calibration(chosen_on, sides.validation, config.quantiles, points=False)
    if sides.both is not None:
        more, _ = _fit(sides.both, sides.validation, settle_length(config, curve), path, f"{label}, refit", tell)
        spent += more
    uncalibrated = OnnxModel(path)
    calibrate_graph(path, calibration)
    return Trained(OnnxModel(path), uncalibrated, spent)


def settle_length(config: ConsumptionForecastingConfig, curve: list[dict[str, float]]) -> ConsumptionForecastingConfig:
    """The configuration of a fit that ends where the validation loss of an earlier one was lowest.

    Trees take the rounds that were best for the mean of their levels. The members of an ensemble, whose losses come one
    after another, take all the epochs that they may.

    Args:
        config: Of the earlier fit.
        curve: Its losses.
    """
    best = int(np.argmin([losses["val_loss"] for losses in curve])) + 1
    if config.model_type == "lightgbm":
        trees = config.trees.model_copy(update={"max_rounds": best, "early_stopping_patience_rounds": best})
        return config.model_copy(update={"trees": trees})
    epochs = config.epochs if config.model_type == "ensemble" else best
    return config.model_copy(update={"epochs": epochs, "early_stopping_patience_epochs": epochs})


def _fit(
    train: ProtocolRows,
    validation: ProtocolRows,
    config: ConsumptionForecastingConfig,
    path: Path,
    label: str,
    tell: Tell,
) -> tuple[float, list[dict[str, float]]]:
    from metrify.forecasting.training.fit_model import fit_model  # TensorFlow takes seconds to import

    started = time.process_time()
    chosen = _draw(train, config)
    tell(f"{label}: {len(chosen):,} windows to fit, {len(validation):,} to validate")
    fitted = fit_model(chosen, validation, config, train.protocol.day_length, _teller(config, label, tell))
    spent = time.process_time() - started
    fitted.export_onnx(path)
    return spent, fitted.curve


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
