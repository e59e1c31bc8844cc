"""Fits a network to training rows, deterministic by seed, and goes on where it was killed."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

from metrify.config.schema import ConsumptionForecastingConfig
from metrify.forecasting.training.batches import epoch_order
from metrify.forecasting.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from metrify.forecasting.training.distribution import training_strategy
from metrify.forecasting.training.epoch_runner import epoch_runner
from metrify.forecasting.training.losses import pinball_loss
from metrify.forecasting.training.network import build_network
from metrify.forecasting.training.rows import RowSource

_WARM_UP_SHARE = 0.05  # of the steps
_FINAL_RATE = 0.01  # of the learning rate
_WEIGHT_DECAY = 1e-4
_CLIP_NORM = 1.0

OnEpoch = Callable[[int, dict[str, float]], None]


def fit_network(
    train: RowSource,
    validation: RowSource,
    config: ConsumptionForecastingConfig,
    day_length: int,
    on_epoch: OnEpoch,
    checkpoints: Path | None = None,
) -> tuple[keras.Model, list[dict[str, float]]]:
    """Trains until the validation loss stops falling, and keeps the best weights.

    The learning rate warms up and then falls by a cosine. After each epoch the state is written to `checkpoints`; the
    same call after a kill goes on there, with the same batches, and comes to the same losses. Where TF_CONFIG names
    other workers, all of them train this one network; see `training_strategy`.

    Args:
        train: Rows to fit.
        validation: Rows of other meters in a later time.
        config: Model and training parameters.
        day_length: Intervals in a day.
        on_epoch: Called after each epoch with its number from 1 and its losses.
        checkpoints: A folder of this training alone, which the caller removes when it needs the training no more;
            nothing is kept without it.

    Returns:
        The model, and the losses by epoch.
    """
    strategy = training_strategy()  # before TensorFlow does anything else
    keras.utils.set_random_seed(config.seed)
    features = set(train.take(np.arange(1)).features)
    steps = config.epochs * -(-len(train) // config.batch_size)
    with strategy.scope():
        model = build_network(config, day_length, features, train.non_negative, train.known_codes)
        # XLA takes seven times as long on a processor, nearly all of it to sort.
        model.compile(_optimizer(config.learning_rate, steps), loss=pinball_loss(config.quantiles), jit_compile=False)
        model.optimizer.build(model.trainable_variables)
    run_epoch = epoch_runner(strategy, model, train, validation, config.batch_size)
    progress = load_checkpoint(checkpoints, model) if checkpoints else Progress()
    for epoch in range(len(progress.curve), config.epochs):
        if progress.epochs_without_gain >= config.early_stopping_patience_epochs:
            break
        _advance(progress, model, run_epoch(epoch_order(len(train), config.seed, epoch)))
        if checkpoints:
            save_checkpoint(checkpoints, model, progress)
        on_epoch(epoch + 1, progress.curve[-1])
    model.set_weights(progress.best_weights)
    return model, progress.curve


def _optimizer(learning_rate: float, steps: int) -> keras.optimizers.Optimizer:
    warm_up = round(_WARM_UP_SHARE * steps)
    schedule = keras.optimizers.schedules.CosineDecay(
        learning_rate / max(warm_up, 1), steps - warm_up, _FINAL_RATE, warmup_target=learning_rate, warmup_steps=warm_up
    )
    return keras.optimizers.AdamW(schedule, weight_decay=_WEIGHT_DECAY, global_clipnorm=_CLIP_NORM)


def _advance(progress: Progress, model: keras.Model, losses: dict[str, float]) -> None:
    progress.curve.append(losses)
    if losses["val_loss"] < progress.best_loss:
        progress.best_loss, progress.epochs_without_gain = losses["val_loss"], 0
        progress.best_weights = model.get_weights()
    else:
        progress.epochs_without_gain += 1
