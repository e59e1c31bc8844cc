"""Made-up hierarchies and forecasts of them."""

import numpy as np

from metrify.forecasting.reconciliation import Hierarchy, build_hierarchy


def draw_hierarchy(meters: int, feeders: int, districts: int, seed: int) -> Hierarchy:
    generator = np.random.default_rng(seed)
    district_of_feeder = generator.integers(districts, size=feeders)
    feeder = generator.integers(feeders, size=meters)
    return build_hierarchy(
        np.array([f"m{code}" for code in range(meters)], dtype=object),
        np.array([f"f{code}" for code in feeder], dtype=object),
        np.array([f"d{code}" for code in district_of_feeder[feeder]], dtype=object),
    )


def draw_loads(hierarchy: Hierarchy, times: int, seed: int) -> np.ndarray:
    """Coherent loads of all series, `[n, times]` kWh."""
    meters = hierarchy.aggregation.shape[1]
    return hierarchy.bottom_up(np.random.default_rng(seed).gamma(2, 1, (meters, times)))
