"""Fits a network to training rows, deterministic by seed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from metrify.config.schema import ConsumptionForecastingConfig
from metrify.forecasting.training.network import build_network

_SMALLEST_SCALE_KWH = 1e-3


@dataclass(frozen=True)
class TrainingRows:
    """Rows to fit or to validate on.

    Attributes:
        features: Arrays by feature name, `[N, ...]`.
        target_kwh: `[N, H]` actual kWh per interval.
    """

    features: Mapping[str, np.ndarray]
    target_kwh: np.ndarray

    @property
    def weights(self) -> np.ndarray:
        """One over each window's mean, `[N]`, so that every meter counts alike whatever its size."""
        return 1 / np.maximum(np.abs(self.features["load_window"]).mean(axis=1), _SMALLEST_SCALE_KWH)


def fit_network(
    train: TrainingRows,
    validation: TrainingRows,
    config: ConsumptionForecastingConfig,
    day_length: int,
    on_epoch: Callable[[int, dict[str, float]], None],
) -> tuple[keras.Model, list[dict[str, float]]]:
    """Trains until the validation loss stops falling, and keeps the best weights.

    Args:
        train: Rows to fit.
        validation: Rows of other meters in a later time.
        config: Model and training parameters.
        day_length: Intervals in a day.
        on_epoch: Called after each epoch with its number from 1 and its losses.

    Returns:
        The model, and the losses by epoch.
    """
    keras.utils.set_random_seed(config.seed)
    model = build_network(config, day_length, "horizon_calendar" in train.features)
    model.compile(keras.optimizers.Adam(config.learning_rate), loss=_pinball_loss(config.quantiles))
    names = [tensor.name for tensor in model.inputs]
    curve: list[dict[str, float]] = []

    def report(epoch: int, logs: dict[str, float] | None) -> None:
        curve.append({name: float(value) for name, value in (logs or {}).items()})
        on_epoch(epoch + 1, curve[-1])

    model.fit(
        {name: train.features[name] for name in names},
        train.target_kwh,
        sample_weight=train.weights,
        validation_data=(
            {name: validation.features[name] for name in names},
            validation.target_kwh,
            validation.weights,
        ),
        batch_size=config.batch_size,
        epochs=config.epochs,
        verbose=0,
        callbacks=[
            keras.callbacks.EarlyStopping(patience=config.early_stopping_patience_epochs, restore_best_weights=True),
            keras.callbacks.ReduceLROnPlateau(patience=1, factor=0.4),
            keras.callbacks.LambdaCallback(on_epoch_end=report),
        ],
    )
    return model, curve


def _pinball_loss(levels: tuple[float, ...]) -> Callable:
    taus = np.array(levels, dtype=np.float32)

    def loss(target, quantiles):  # type: ignore[no-untyped-def]
        error = ops.expand_dims(target, -1) - quantiles
        return ops.mean(ops.maximum(taus * error, (taus - 1) * error), axis=(1, 2))

    return loss
