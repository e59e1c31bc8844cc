"""Texts as numbers that need no list: a model finds by them what it learnt of what a text names."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

NO_CODE = 0
_BITS = 24  # float32, in which features travel, holds these integers exactly
_HASH_KEY = "metrify_meter_id"  # 16 bytes, as SipHash wants


def code_texts(texts: Sequence[str] | np.ndarray) -> np.ndarray:
    """A hash of each text, `[N]` float32 whole numbers from 1 to 2^24 - 1; `NO_CODE` for an empty one.

    Of 1,000 texts, two have the same code in 3 % of cases.
    """
    texts = np.asarray(texts, dtype=object)
    hashed = pd.util.hash_array(texts, hash_key=_HASH_KEY, categorize=False) >> np.uint64(64 - _BITS)
    return np.where(texts == "", NO_CODE, np.maximum(hashed, 1)).astype(np.float32)
