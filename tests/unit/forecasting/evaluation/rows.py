"""Made-up forecasts of made-up loads, with gaps."""

from dataclasses import dataclass

import numpy as np

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True)
class Rows:
    point: np.ndarray
    quantiles: np.ndarray
    actual: np.ndarray
    scale: np.ndarray


def draw_rows(rows: int, horizon: int, seed: int, missing: float = 0.2, dtype: type = np.float64) -> Rows:
    """Log-normal loads around a point forecast; a share of the readings is missing."""
    generator = np.random.default_rng(seed)
    point = generator.lognormal(-1, 1, (rows, horizon))
    actual = point * generator.lognormal(0, 0.5, point.shape)
    actual[generator.random(actual.shape) < missing] = np.nan
    quantiles = point[..., None] * np.array([0.5, 0.7, 1, 1.4, 2])
    scale = generator.uniform(0.1, 2, rows)
    return Rows(point.astype(dtype), quantiles.astype(dtype), actual.astype(dtype), scale)
