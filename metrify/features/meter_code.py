"""Which meter a row is of, as a number that needs no list: a model finds by it what it learnt of the meter."""

import numpy as np

from metrify.errors import ConfigError
from metrify.features.batch import FeatureBatch
from metrify.features.text_code import code_texts

METER_CODE = "meter_code"


def meter_code(batch: FeatureBatch) -> np.ndarray:
    """The code of each row's meter, `[N]`, and `NO_CODE` for what is no meter; see `code_texts`.

    Raises:
        ConfigError: The batch does not tell the meters.
    """
    if batch.meter_ids is None:
        raise ConfigError(
            f"The feature {METER_CODE} needs to know the meters, and these windows don't tell them.",
            "Give the pseudonyms of the rows' meters beside the windows.",
        )
    return code_texts(batch.meter_ids)
