"""Which meter a row is of, as a number that needs no list: a model finds by it what it learnt of the meter."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from metrify.errors import ConfigError
from metrify.features.batch import FeatureBatch

METER_CODE = "meter_code"
NO_METER = 0
_BITS = 24  # float32, in which features travel, holds these integers exactly
_HASH_KEY = "metrify_meter_id"  # 16 bytes, as SipHash wants


def meter_code(batch: FeatureBatch) -> np.ndarray:
    """The code of each row's meter, `[N]`; see `code_meters`.

    Raises:
        ConfigError: The batch does not tell the meters.
    """
    if batch.meter_ids is None:
        raise ConfigError(
            f"The feature {METER_CODE} needs to know the meters, and these windows don't tell them.",
            "Give the pseudonyms of the rows' meters beside the windows.",
        )
    return code_meters(batch.meter_ids)


def code_meters(meter_ids: Sequence[str] | np.ndarray) -> np.ndarray:
    """A hash of each pseudonym, `[N]` float32 whole numbers from 1 to 2^24 - 1; 0 for an empty one, which is no meter.

    Of 1,000 meters, two have the same code in 3 % of cases.
    """
    ids = np.asarray(meter_ids, dtype=object)
    hashed = pd.util.hash_array(ids, hash_key=_HASH_KEY, categorize=False) >> np.uint64(64 - _BITS)
    return np.where(ids == "", NO_METER, np.maximum(hashed, 1)).astype(np.float32)
