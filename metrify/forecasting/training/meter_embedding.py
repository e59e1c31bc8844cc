"""What a network learns of each meter beyond its window: entity embeddings of Guo and Berkhahn 2016, arXiv:1604.06737.

The graph finds a meter by its code in a table of its own, so a server needs no list of meters. A meter that the table
lacks has an embedding, too: in training it stands for some of the rows of every meter.
"""

import keras
import numpy as np
from keras import layers, ops

from metrify.config.schema import ConsumptionForecastingConfig
from metrify.forecasting.training.same_clock_time import Tensor

UNKNOWN = 0  # the number of meters that the table lacks
_PLACES_PER_METER = 64  # at which 1 of 128 meters finds its place taken, and is forecast as an unknown one
_MAX_PLACES = 2**22  # 16 MB


def number_meters(code: Tensor, known_codes: np.ndarray) -> Tensor:
    """The number of each row's meter, from 1, or `UNKNOWN`.

    Args:
        code: `[N]` codes, see `metrify.features.meter_code`.
        known_codes: `[M]` different ones.

    Returns:
        `[N]` int32.
    """
    numbers, codes = _table(known_codes.astype(np.int32))
    code = ops.cast(code, "int32")
    number = ops.take(numbers, ops.mod(code, len(numbers)))
    return ops.where(ops.equal(ops.take(codes, number), code), number, UNKNOWN)


def embed_meters(number: Tensor, meters: int, config: ConsumptionForecastingConfig) -> Tensor:
    """A learnt vector of each row's meter, `[N, meter_embedding_size]`.

    Args:
        number: `[N]`, see `number_meters`.
        meters: How many known ones there are.
        config: Size of the vector, and the share of rows whose meter is hidden in training.
    """
    start = keras.initializers.RandomNormal(stddev=0.02)
    shown = layers.Dropout(config.unknown_meter_share)(ops.ones_like(number, dtype="float32"))
    number = ops.where(shown > 0, number, UNKNOWN)
    return layers.Embedding(meters + 1, config.meter_embedding_size, start)(number)


def _table(known_codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The number at each place, a code's remainder, and the code of each number, of which that of `UNKNOWN` is none."""
    places = 1 << int(_PLACES_PER_METER * max(len(known_codes), 1) - 1).bit_length()
    numbers = np.full(min(places, _MAX_PLACES), UNKNOWN, np.int32)
    numbers[known_codes[::-1] % len(numbers)] = np.arange(len(known_codes), 0, -1)
    return numbers, np.concatenate([[-1], known_codes]).astype(np.int32)
