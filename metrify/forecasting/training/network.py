"""Quantile networks over all meters: instance normalisation, one of several encoders, and quantiles that can't cross.

Every value is divided by the window's mean inside the graph, so the served model takes and gives kWh, and a meter that
was never seen in training is forecast like the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import keras
import numpy as np
from keras import layers, ops

from metrify.config.schema import ConsumptionForecastingConfig
from metrify.forecasting.training.code_embedding import code_names, embed_numbers
from metrify.forecasting.training.encoders import ENCODERS
from metrify.forecasting.training.quantile_head import add_quantile_head
from metrify.forecasting.training.slots import Slots, build_slots

BODY = "body"


def build_network(
    config: ConsumptionForecastingConfig,
    day_length: int,
    features: set[str],
    non_negative: bool = True,
    known_codes: Mapping[str, np.ndarray] | None = None,
) -> keras.Model:
    """Builds the network that `model_type` names.

    Args:
        config: Its sizes and quantiles.
        day_length: Intervals in a day.
        features: What the rows have: `load_window`, and for the calendar `window_rest_day` and `horizon_calendar`.
        non_negative: Whether no load is negative, so that no quantile may be.
        known_codes: `[K]` of the meters and classes that it can learn something of, by feature; for rows that have
            `meter_code`, or codes of static columns.

    Returns:
        A model from `load_window [N, L]` kWh, and with time features `window_rest_day [N, L]` and
        `horizon_calendar [N, H, 5]`, to `quantiles_kwh [N, H, Q]`.

    Raises:
        ConfigError: The sequence is not a whole number of days, or too short.
    """
    codes = known_codes or {}
    slots = build_slots(config.sequence_length, config.forecast_horizon, day_length, features, codes)
    placed = slots.placeholders()
    seen = _with_embeddings(placed, [len(codes.get(name, ())) for name in code_names(features)], config)
    quantiles = add_quantile_head(seen, ENCODERS[config.model_type](seen, config), config.quantiles, non_negative)
    body = keras.Model(placed.inputs, quantiles, name=BODY)
    return join_bodies([body], slots, f"same_hour_{config.model_type}")


def join_bodies(bodies: Sequence[keras.Model], slots: Slots, name: str) -> keras.Model:
    """One network of several that read the same slots: the mean of their quantiles, level by level.

    Args:
        bodies: From the tensors of slots to quantiles; the layers called `BODY` of networks.
        slots: What they read, computed once for all of them.
        name: The network's name.
    """
    quantiles = [body(slots.tensors) for body in bodies]
    mean = layers.Average()(quantiles) if len(quantiles) > 1 else quantiles[0]
    return keras.Model(slots.inputs, layers.Identity(name="quantiles_kwh")(mean), name=name)


def _with_embeddings(slots: Slots, known: Sequence[int], config: ConsumptionForecastingConfig) -> Slots:
    """The same with what is learnt of the meter and its classes, of each so many, among the tokens of each interval."""
    if slots.numbers is None:
        return slots
    embeddings = [embed_numbers(slots.numbers[:, place], count, config) for place, count in enumerate(known)]
    each = [ops.tile(ops.expand_dims(embedding, 1), (1, slots.tokens.shape[1], 1)) for embedding in embeddings]
    return replace(slots, tokens=ops.concatenate([slots.tokens, *each], axis=-1))
