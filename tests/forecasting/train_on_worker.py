"""A worker of a training on several: `python train_on_worker.py FILE` trains two epochs and writes what came out."""

import json
import sys
from pathlib import Path

import numpy as np

BATCH, ROWS, DAY = 8, 52, 24  # the last batch has four rows


def train(output: Path) -> None:
    from metrify.config.schema import ConsumptionForecastingConfig
    from metrify.forecasting.training.distribution import is_chief, training_strategy
    from metrify.forecasting.training.fit_model import FittedNetwork, fit_model
    from metrify.forecasting.training.rows import TrainingRows

    config = ConsumptionForecastingConfig(
        model_type="ensemble",
        ensemble_members=("context", "residual"),
        lstm_units=4,
        dropout_rate=0,
        epochs=2,
        batch_size=BATCH,
        learning_rate=0.01,
        seed=3,
    )
    generator = np.random.default_rng(0)
    loads = generator.gamma(2, 0.3, (ROWS, 29 * DAY)).astype(np.float32)
    rows = TrainingRows({"load_window": loads[:, : 28 * DAY]}, loads[:, 28 * DAY :])
    fitted = fit_model(rows, rows, config, DAY, lambda epoch, losses: None)
    assert isinstance(fitted, FittedNetwork)
    weights = [float(np.abs(value).sum()) for value in fitted.network.get_weights()]
    told = {"curve": fitted.curve, "weights": weights}
    told |= {"replicas": training_strategy().num_replicas_in_sync, "chief": is_chief()}
    output.write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    train(Path(sys.argv[1]))
