"""Loads that do not drift, unless they are told to."""

from collections.abc import Callable

import numpy as np
import pytest


@pytest.fixture(scope="session")
def draw_windows() -> Callable[..., np.ndarray]:
    """Draws 28 days of hours `[N, 672]`: a daily shape, a level for each meter and independent noise."""

    def draw(count: int, generator: np.random.Generator) -> np.ndarray:
        shape = 1 + 0.5 * np.sin(2 * np.pi * np.arange(672) / 24)
        level = generator.uniform(0.2, 2, (count, 1))
        return (level * shape * generator.lognormal(0, 0.3, (count, 672))).astype(np.float32)

    return draw
