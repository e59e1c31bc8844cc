"""Quantile networks over all meters: instance normalisation, one of several encoders, and quantiles that can't cross.

Every value is divided by the window's mean inside the graph, so the served model takes and gives kWh, and a meter that
was never seen in training is forecast like the others.
"""

import keras
from keras import layers

from metrify.config.schema import ConsumptionForecastingConfig
from metrify.forecasting.training.encoders import ENCODERS
from metrify.forecasting.training.quantile_head import add_quantile_head
from metrify.forecasting.training.slots import build_slots


def build_network(
    config: ConsumptionForecastingConfig, day_length: int, features: set[str], non_negative: bool = True
) -> keras.Model:
    """Builds the network that `model_type` names.

    Args:
        config: Its sizes and quantiles.
        day_length: Intervals in a day.
        features: What the rows have: `load_window`, and for the calendar `window_rest_day` and `horizon_calendar`.
        non_negative: Whether no load is negative, so that no quantile may be.

    Returns:
        A model from `load_window [N, L]` kWh, and with time features `window_rest_day [N, L]` and
        `horizon_calendar [N, H, 5]`, to `quantiles_kwh [N, H, Q]`.

    Raises:
        ConfigError: The sequence is not a whole number of days, or too short.
    """
    slots = build_slots(config.sequence_length, config.forecast_horizon, day_length, features)
    state = ENCODERS[config.model_type](slots, config)
    quantiles = add_quantile_head(slots, state, config.quantiles, non_negative)
    return keras.Model(
        slots.inputs, layers.Identity(name="quantiles_kwh")(quantiles), name=f"same_hour_{config.model_type}"
    )
