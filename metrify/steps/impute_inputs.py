"""The readings that windows are cut from: measured, and where the configuration asks for it with short gaps filled."""

import numpy as np
import pandas as pd

from metrify.config import MetrifyConfig
from metrify.readings.imputation import impute
from metrify.readings.matrix import ReadingsMatrix
from metrify.readings.splits import split_time


def impute_inputs(matrix: ReadingsMatrix, timezone: str, config: MetrifyConfig) -> tuple[ReadingsMatrix, np.ndarray]:
    """Imputes the inputs of models, but never their targets: those are cut from the measured readings.

    Every step that stores, replays or pairs windows begins here, so that all of them have the same ones. The bounds of
    the time split are those of the same readings and the same configuration.

    Args:
        matrix: Accepted readings `[M, T]`.
        timezone: IANA name of their local time.
        config: The sections `quality` and `splits`.

    Returns:
        The readings with short gaps filled and a mask `[M, T]` of what was filled; without imputation, the same matrix.
    """
    end = matrix.timestamps[-1] + pd.Timedelta(minutes=matrix.resolution_minutes)
    split = split_time(matrix.start, end, config.splits)
    return impute(matrix, (split.validation_start, split.test_start), timezone, config.quality)
