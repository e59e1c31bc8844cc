"""Small readings and datasets that keep their contract."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from metrify.readings.dataset import Dataset, DatasetInfo


@pytest.fixture
def readings() -> pd.DataFrame:
    """Two meters over six hours."""
    stamps = pd.date_range("2024-03-01", periods=6, freq="h", tz="UTC", unit="us")
    return pd.DataFrame(
        {
            "meter_id": np.repeat(np.array(["a", "b"], dtype=object), 6),
            "timestamp": stamps.append(stamps),
            "kwh": np.arange(12, dtype=np.float32) / 10,
        }
    )


@pytest.fixture
def make_dataset(readings: pd.DataFrame) -> Callable[..., Dataset]:
    """Makes a dataset of the readings; the name tells two of them apart."""

    def make(name: str = "tiny") -> Dataset:
        info = DatasetInfo(name, 60, "Europe/Berlin", "DE", "CC0", "nobody")
        meters = pd.DataFrame({"meter_id": ["a", "b"], "group": ["x", "y"], "district": ["north", "south"]})
        return Dataset(info, readings, meters)

    return make
