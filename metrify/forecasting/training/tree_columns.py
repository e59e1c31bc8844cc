"""What trees read of an interval: the tokens that the networks read, as columns that are computed inside the graph."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
from keras import layers, ops

from metrify.config.schema import ConsumptionForecastingConfig
from metrify.forecasting.onnx_model import OnnxModel
from metrify.forecasting.training.export import export_onnx
from metrify.forecasting.training.slots import build_slots

# The last columns are for the targets and read by no tree.
MIDDLE_KWH, SIZE_KWH, UNREAD = -2, -1, 2


def build_columns(
    config: ConsumptionForecastingConfig,
    day_length: int,
    features: set[str],
    known_codes: Mapping[str, np.ndarray] | None = None,
) -> keras.Model:
    """A model without weights from the features to what is known of each interval of the horizon.

    Args:
        config: The lengths of sequence and horizon.
        day_length: Intervals in a day.
        features: Names of the features that the rows have.
        known_codes: `[K]` of the known meters and classes, by feature; for rows that have codes.

    Returns:
        A model to `columns [N, H, F + 2]`: the tokens, the interval's number from 0, perhaps those of the meter and its
        classes, and then what a forecast is scaled by, in kWh: the usual load, from which it is a deviation, and the
        size of the window's deviations.

    Raises:
        ConfigError: The sequence is not a whole number of days, or too short.
    """
    slots = build_slots(config.sequence_length, config.forecast_horizon, day_length, features, known_codes or {})
    number = np.arange(config.forecast_horizon, dtype=np.float32)[None, :, None]
    none = ops.zeros_like(slots.usual)
    scaling = [slots.usual * slots.scale, none + slots.deviation * slots.scale]
    numbers = [none + number]
    if slots.numbers is not None:
        numbers.append(none + ops.cast(slots.numbers, "float32")[:, None, :])
    columns = ops.concatenate([slots.tokens, *numbers, *scaling], axis=-1)
    return keras.Model(slots.inputs, layers.Identity(name="columns")(columns))


def load_columns(columns: keras.Model) -> OnnxModel:
    """The columns as a server computes them, so that trees are fitted to the very bits that they will be asked with."""
    with tempfile.TemporaryDirectory(prefix="metrify-columns-") as folder:
        path = Path(folder) / "columns.onnx"
        export_onnx(columns, path)
        return OnnxModel(path)
