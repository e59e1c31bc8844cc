"""Matrices of few meters, whose values a test writes down."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest

from metrify.readings.matrix import ReadingsMatrix

MakeMatrix = Callable[..., ReadingsMatrix]


@pytest.fixture(scope="session")
def make_matrix() -> MakeMatrix:
    """Rows of kWh as a matrix of the meters m0, m1, ..."""

    def make(*rows: Sequence[float], start: str = "2024-01-01", minutes: int = 60) -> ReadingsMatrix:
        names = np.array([f"m{row}" for row in range(len(rows))], dtype=object)
        return ReadingsMatrix(names, pd.Timestamp(start, tz="UTC"), minutes, np.array(rows, dtype=np.float32))

    return make
