"""Fits one model to a training set: what a trial of a search runs, and a worker of a training on several."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from metrify.config import MetrifyConfig
from metrify.steps.training_set import read_training_set
from metrify.units import intervals_per_day

if TYPE_CHECKING:
    from metrify.forecasting.training.fit_model import FittedModel

OnStep = Callable[[int, dict[str, float]], None]


def fit_forecaster(training_set: Path, config: MetrifyConfig, on_step: OnStep) -> "FittedModel":
    """Fits the model that `model_type` names, without a calibration.

    Args:
        training_set: Folder of `build_training_set`.
        config: Model and training parameters.
        on_step: Called after each epoch of a network, or each quantile level of trees, with its number from 1 and its
            losses; what it raises ends the fit.

    Raises:
        ConfigError: The sequence is not a whole number of days, or too short.
    """
    from metrify.forecasting.training.fit_model import fit_model

    data = read_training_set(training_set)
    features = data.features(config)
    return fit_model(
        data.side("train", features),
        data.side("validation", features),
        config.training.consumption_forecasting,
        intervals_per_day(data.context.resolution_minutes),
        on_step,
    )


def best_loss(model: "FittedModel") -> float:
    """The lowest validation loss of a fit: the pinball loss of the validation rows, weighted as in the training."""
    return min(losses["val_loss"] for losses in model.curve)
