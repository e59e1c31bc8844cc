"""Made-up loads and the contexts they are read in."""

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from metrify.features.batch import FeatureContext
from metrify.features.specification import FEATURES, LOAD_FEATURES, ORIGIN_TIME_FEATURES
from metrify.readings.matrix import ReadingsMatrix

START = pd.Timestamp("2024-03-10", tz="UTC")
TABLE_FEATURES = tuple(
    feature
    for feature in FEATURES
    if feature.name in (*LOAD_FEATURES, *ORIGIN_TIME_FEATURES) and feature.name != "same_hour_profile"
)


def context_of(resolution_minutes: int = 60, sequence_length: int = 336, horizon: int = 24) -> FeatureContext:
    return FeatureContext(sequence_length, horizon, resolution_minutes, "Europe/Berlin", "DE")


def draw_matrix(
    meters: int, intervals: int, seed: int, missing: float = 0.1, resolution_minutes: int = 60, level: float = 0.0
) -> ReadingsMatrix:
    """Skewed loads, with single readings and whole stretches missing."""
    generator = np.random.default_rng(seed)
    kwh = (level + generator.lognormal(-1, 1, (meters, intervals))).astype(np.float32)
    kwh[generator.random(kwh.shape) < missing] = np.nan
    for row in range(meters):
        begin = generator.integers(intervals)
        kwh[row, begin : begin + int(missing * intervals)] = np.nan
    return ReadingsMatrix(np.array([f"m{row}" for row in range(meters)], dtype=object), START, resolution_minutes, kwh)


matrices = st.builds(
    draw_matrix,
    meters=st.integers(1, 4),
    intervals=st.integers(336, 500),
    seed=st.integers(0, 2**32 - 1),
    missing=st.sampled_from([0.0, 0.05, 0.4]),
    level=st.sampled_from([-1.0, 0.0, 1e4]),
)
