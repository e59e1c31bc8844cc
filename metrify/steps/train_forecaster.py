"""Trains the day-ahead forecaster and exports it."""

import hashlib
import json
import shutil
from pathlib import Path

from metrify.config import Home, MetrifyConfig
from metrify.config.code_version import code_version
from metrify.steps.bundle_description import write_description
from metrify.steps.describe_forecaster import describe_forecaster
from metrify.steps.progress import Countdown, tell_progress
from metrify.steps.reuse import CONTROLLER_SECTION, DETECTOR_SECTION, SERVING_SECTIONS, reusable, values_read
from metrify.steps.training_set import TrainingSet, read_training_set
from metrify.units import intervals_per_day

_UNREAD = (*SERVING_SECTIONS, DETECTOR_SECTION, CONTROLLER_SECTION)


@reusable(outputs=("model", "curve", "description"), ignores=_UNREAD)
def train_forecaster(
    training_set: Path,
    model: Path,
    curve: Path,
    description: Path,
    config: MetrifyConfig,
    home: Home | None = None,
) -> dict[str, float]:
    """Fits the model that `model_type` names.

    The intervals are calibrated on the validation rows, inside the exported graph. A training that is killed goes on
    after its last whole epoch when it is started again with the same inputs, configuration and code.

    Args:
        training_set: Folder of `build_training_set`.
        model: ONNX file to write.
        curve: JSON file to write: the losses by epoch.
        description: JSON file to write: what the bundle says of the model.
        config: Model and training parameters.
        home: Where results of earlier runs and checkpoints are kept.

    Returns:
        Epochs run and the best validation loss.
    """
    from metrify.forecasting.training.train_model import train_model

    home = home or Home.from_environment()
    data = read_training_set(training_set)
    features = data.features(config)
    parameters = config.training.consumption_forecasting
    checkpoints = home.checkpoints / _training_key(data, config)
    steps = parameters.steps_of_training
    countdown = Countdown(steps)
    trained = train_model(
        data.side("train", features),
        data.side("validation", features),
        parameters,
        intervals_per_day(data.context.resolution_minutes),
        model,
        lambda step, loss: tell_progress(f"step {step}/{steps} {_text(loss)}, {countdown.left(step)}"),
        checkpoints,
    )
    shutil.rmtree(checkpoints, ignore_errors=True)
    curve.write_text(json.dumps(trained.curve, indent=2), encoding="utf-8")
    write_description(description, describe_forecaster(data, config), {})
    return {"epochs": len(trained.curve), "validation_loss": min(loss["val_loss"] for loss in trained.curve)}


def _training_key(data: TrainingSet, config: MetrifyConfig) -> str:
    """Names the training whose checkpoint may be taken up: the same rows, parameters and code."""
    parts = [data.dataset_fingerprint, values_read(config, _UNREAD), code_version()]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def _text(loss: dict[str, float]) -> str:
    return " ".join(f"{name}={value:.4g}" for name, value in loss.items())
