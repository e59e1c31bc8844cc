"""Trains the day-ahead forecaster and exports it."""

import json
from pathlib import Path

from metrify.config import Home, MetrifyConfig
from metrify.features.specification import compute_features, select_features
from metrify.steps.reuse import SERVING_SECTIONS, reusable
from metrify.steps.training_set import read_training_set
from metrify.units import intervals_per_day


@reusable(outputs=("model", "curve"), ignores=SERVING_SECTIONS)
def train_forecaster(
    training_set: Path, model: Path, curve: Path, config: MetrifyConfig, home: Home | None = None
) -> dict[str, float]:
    """Fits the network that `model_type` names.

    Args:
        training_set: Folder of `build_training_set`.
        model: ONNX file to write.
        curve: JSON file to write: the losses by epoch.
        config: Model and training parameters.
        home: Where results of earlier runs are kept.

    Returns:
        Epochs run and the best validation loss.
    """
    from metrify.forecasting.training.export import export_onnx
    from metrify.forecasting.training.fit import TrainingRows, fit_network

    data = read_training_set(training_set)
    features = select_features(config.feature_engineering.include_time_features)

    def rows_of(side: str) -> TrainingRows:
        rows = data.rows(side)
        return TrainingRows(compute_features(features, data.batch(rows)), data.targets[rows])

    parameters = config.training.consumption_forecasting
    network, losses = fit_network(
        rows_of("train"),
        rows_of("validation"),
        parameters,
        intervals_per_day(data.context.resolution_minutes),
        lambda epoch, loss: print(f"epoch {epoch}/{parameters.epochs} {_text(loss)}", flush=True),
    )
    export_onnx(network, model)
    curve.write_text(json.dumps(losses, indent=2), encoding="utf-8")
    return {"epochs": len(losses), "validation_loss": min(loss["val_loss"] for loss in losses)}


def _text(loss: dict[str, float]) -> str:
    return " ".join(f"{name}={value:.4g}" for name, value in loss.items())
