"""Evaluates the exported model beside the baselines, on held-out meters in a later time."""

import json
from pathlib import Path

from metrify.config import MetrifyConfig
from metrify.features.specification import compute_features, select_features
from metrify.forecasting.baselines import persistence_ensemble, seasonal_naive
from metrify.forecasting.evaluation import coverage, pinball, wape
from metrify.forecasting.onnx_model import OnnxModel
from metrify.steps.training_set import read_training_set
from metrify.units import intervals_per_day

_THREADS = 2


def evaluate_forecaster(training_set: Path, model: Path, output: Path, config: MetrifyConfig) -> dict[str, float]:
    """Writes and returns the metrics of the test rows.

    Args:
        training_set: Folder of `build_training_set`.
        model: ONNX file of `train_forecaster`.
        output: JSON file to write.
        config: Features and quantiles.

    Returns:
        `wape`, `pinball` and `coverage` of the model, `wape_seasonal_naive` and `wape_persistence`.
    """
    data = read_training_set(training_set)
    rows = data.rows("test")
    batch, actual = data.batch(rows), data.targets[rows]
    levels = config.training.consumption_forecasting.quantiles
    features = compute_features(select_features(config.feature_engineering.include_time_features), batch)
    quantiles = OnnxModel(model, _THREADS).predict_in_batches(features)
    horizon, day_length = actual.shape[1], intervals_per_day(data.context.resolution_minutes)
    metrics = {
        "wape": wape(quantiles[..., levels.index(0.5)], actual),
        "pinball": pinball(quantiles, actual, levels),
        "coverage": coverage(quantiles, actual),
        "wape_seasonal_naive": wape(seasonal_naive(data.windows[rows], horizon, day_length), actual),
        "wape_persistence": wape(persistence_ensemble(data.windows[rows], horizon, day_length), actual),
        "test_rows": float(len(rows)),
    }
    output.write_text(json.dumps(metrics, indent=2), encoding="utf-8")
    return metrics
