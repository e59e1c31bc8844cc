"""A worker of a training on several: `python train_on_worker.py FILE` trains two epochs and writes what came out."""

import json
import sys
from pathlib import Path

import numpy as np

BATCH, ROWS, DAY = 8, 52, 24  # the last batch has four rows


def train(output: Path) -> None:
    from metrify.forecasting.training.distribution import is_chief, training_strategy

    strategy = training_strategy()  # before TensorFlow does anything else
    import keras

    from metrify.config.schema import ConsumptionForecastingConfig
    from metrify.forecasting.training.batches import epoch_order
    from metrify.forecasting.training.epoch_runner import epoch_runner
    from metrify.forecasting.training.losses import pinball_loss
    from metrify.forecasting.training.network import build_network
    from metrify.forecasting.training.rows import TrainingRows

    config = ConsumptionForecastingConfig(
        model_type="context", sequence_length=28 * DAY, lstm_units=4, dropout_rate=0, seed=3
    )
    generator = np.random.default_rng(0)
    loads = generator.gamma(2, 0.3, (ROWS, 29 * DAY)).astype(np.float32)
    rows = TrainingRows({"load_window": loads[:, : 28 * DAY]}, loads[:, 28 * DAY :])
    keras.utils.set_random_seed(config.seed)
    with strategy.scope():
        model = build_network(config, DAY, {"load_window"})
        optimizer = keras.optimizers.AdamW(0.01, weight_decay=1e-4, global_clipnorm=0.1)
        model.compile(optimizer, loss=pinball_loss(config.quantiles))
        model.optimizer.build(model.trainable_variables)
    run_epoch = epoch_runner(strategy, model, rows, rows, BATCH)
    curve = [run_epoch(epoch_order(ROWS, config.seed, epoch)) for epoch in range(2)]
    weights = [float(np.abs(value).sum()) for value in model.get_weights()]
    told = {"curve": curve, "weights": weights, "replicas": strategy.num_replicas_in_sync, "chief": is_chief()}
    output.write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    train(Path(sys.argv[1]))
