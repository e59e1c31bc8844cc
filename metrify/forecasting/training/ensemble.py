"""Several networks as one: each has a seed of its own, and their quantiles are averaged, level by level.

The mean of quantile functions keeps their order, and since pinball loss is convex it is at least as good as its members
on average (Lichtendahl, Grushka-Cockayne and Winkler 2013, doi 10.1287/mnsc.1120.1667).
"""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

from metrify.config.schema import ConsumptionForecastingConfig
from metrify.forecasting.training.distribution import training_strategy
from metrify.forecasting.training.fit import OnEpoch, fit_network
from metrify.forecasting.training.network import BODY, join_bodies
from metrify.forecasting.training.rows import RowSource
from metrify.forecasting.training.slots import build_slots


def fit_ensemble(
    train: RowSource,
    validation: RowSource,
    config: ConsumptionForecastingConfig,
    day_length: int,
    on_epoch: OnEpoch,
    checkpoints: Path | None = None,
) -> tuple[keras.Model, list[dict[str, float]]]:
    """Fits the members one after another; see `fit_network`. One that is done is not fitted again after a kill.

    Args:
        train: Rows to fit.
        validation: Rows of other meters in a later time.
        config: Model and training parameters; `ensemble_members` are the networks.
        day_length: Intervals in a day.
        on_epoch: Called after each epoch, counted over all members, with its losses.
        checkpoints: A folder of this training alone; nothing is kept without it.

    Returns:
        The ensemble as one network, and the losses by epoch, member after member.
    """
    bodies: list[keras.Model] = []
    curve: list[dict[str, float]] = []
    for number, member in enumerate(config.members):
        folder = checkpoints / f"member-{number}" if checkpoints else None
        network, losses = fit_network(train, validation, member, day_length, _after(on_epoch, len(curve)), folder)
        body = network.get_layer(BODY)
        body.name = f"{BODY}_{number}"
        bodies.append(body)
        curve += losses
    features = set(train.take(np.arange(1)).features)
    with training_strategy().scope():
        lengths = config.sequence_length, config.forecast_horizon, day_length
        slots = build_slots(*lengths, features, train.known_codes)
        return join_bodies(bodies, slots, "ensemble"), curve


def _after(on_epoch: OnEpoch, epochs: int) -> Callable[[int, dict[str, float]], None]:
    return lambda epoch, losses: on_epoch(epochs + epoch, losses)
