"""What a network learns of each meter, and of each class of meters, beyond windows.

Entity embeddings of Guo and Berkhahn 2016, arXiv:1604.06737. The graph finds a meter, or a value such as a tariff, by
its code in a table of its own, so a server needs no list. One that the table lacks has an embedding, too: in training
it stands for some of the rows of every meter and value.
"""

from collections.abc import Iterable

import keras
import numpy as np
from keras import layers, ops

from metrify.config.schema import ConsumptionForecastingConfig
from metrify.features.static_code import is_code
from metrify.forecasting.training.same_clock_time import Tensor

UNKNOWN = 0  # the number of codes that the table lacks
_PLACES_PER_CODE = 64  # at which 1 of 128 meters finds its place taken, and is forecast as an unknown one
_ROOMY = 2**16  # places up to which a table grows until nobody's place is taken: 0.3 MB
_MAX_PLACES = 2**22  # 16 MB


def code_names(features: Iterable[str]) -> list[str]:
    """Which features are codes, in the order in which a network has their numbers."""
    return sorted(filter(is_code, features))


def number_codes(code: Tensor, known_codes: np.ndarray) -> Tensor:
    """The number of what each row's code stands for, from 1, or `UNKNOWN`.

    Args:
        code: `[N]` codes, see `metrify.features.text_code`.
        known_codes: `[K]` different ones.

    Returns:
        `[N]` int32.
    """
    numbers, codes = _table(known_codes.astype(np.int32))
    code = ops.cast(code, "int32")
    number = ops.take(numbers, ops.mod(code, len(numbers)))
    return ops.where(ops.equal(ops.take(codes, number), code), number, UNKNOWN)


def embed_numbers(number: Tensor, known: int, config: ConsumptionForecastingConfig) -> Tensor:
    """A learnt vector of each row's meter or class, `[N, meter_embedding_size]`.

    Args:
        number: `[N]`, see `number_codes`.
        known: How many known ones there are.
        config: Size of the vector, and the share of rows whose number is hidden in training.
    """
    start = keras.initializers.RandomNormal(stddev=0.02)
    shown = layers.Dropout(config.unknown_meter_share)(ops.ones_like(number, dtype="float32"))
    number = ops.where(shown > 0, number, UNKNOWN)
    return layers.Embedding(known + 1, config.meter_embedding_size, start)(number)


def _table(known_codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The number at each place, a code's remainder, and the code of each number, of which that of `UNKNOWN` is none."""
    places = min(1 << int(_PLACES_PER_CODE * max(len(known_codes), 1) - 1).bit_length(), _MAX_PLACES)
    while places < _ROOMY and len(np.unique(known_codes % places)) < len(known_codes):
        places *= 2
    numbers = np.full(places, UNKNOWN, np.int32)
    numbers[known_codes[::-1] % places] = np.arange(len(known_codes), 0, -1)
    return numbers, np.concatenate([[-1], known_codes]).astype(np.int32)
