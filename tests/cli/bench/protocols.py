"""Where measured data lies, and a small protocol of made-up loads."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metrify.cli.bench.forecast.data_files import DATA_VARIABLE
from metrify.cli.bench.forecast.protocol import Protocol
from metrify.features.batch import FeatureContext
from metrify.forecasting.evaluation.rolling_origin import RollingOrigins
from metrify.readings.matrix import ReadingsMatrix

DATA_DIR = Path(os.environ.get(DATA_VARIABLE, Path(__file__).parents[4] / "shared" / "data"))
DAY, DAYS = 24, 60
START = pd.Timestamp("2024-01-01", tz="UTC")


def needs(stem: str) -> pytest.MarkDecorator:
    """Skips a test where a file is not there."""
    path = DATA_DIR / f"{stem}.parquet"
    return pytest.mark.skipif(not path.is_file(), reason=f"{path} is missing; set {DATA_VARIABLE}")


def days(first: int, last: int) -> pd.DatetimeIndex:
    """Midnights of days, both included."""
    return pd.date_range(START + pd.Timedelta(days=first), START + pd.Timedelta(days=last), unit="us")


def draw_protocol(weather: bool = False, meters: int = 3) -> Protocol:
    """Loads with a daily shape, a level of their own and noise; tested at 12 days."""
    generator = np.random.default_rng(4)
    shape = 1 + 0.6 * np.sin(2 * np.pi * np.arange(DAYS * DAY) / DAY)
    kwh = generator.uniform(0.1, 3, (meters, 1)) * shape * generator.lognormal(0, 0.3, (meters, DAYS * DAY))
    matrix = ReadingsMatrix(
        np.array([f"m{number}" for number in range(meters)], object), START, 60, kwh.astype(np.float32)
    )
    origins = RollingOrigins(days(28, 39), days(40, 46), days(47, 58), pd.Timedelta(days=1))
    temperature = np.arange(DAYS * DAY, dtype=np.float32) if weather else None
    return Protocol(
        "made_up",
        matrix,
        origins,
        FeatureContext(28 * DAY, DAY, 60, "Europe/Berlin", "DE"),
        "Made up.",
        scale_time=(START, origins.validation[0]),
        temperature_c=temperature,
    )
