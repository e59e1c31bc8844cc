"""Meters with a morning, an evening and noise, whose days can be judged."""

import numpy as np
import pandas as pd

from metrify.anomaly.meter_days import MeterDays, find_meter_days
from metrify.readings.matrix import ReadingsMatrix

DAY = 24


def make_up_matrix(meters: int, days: int, seed: int = 0) -> ReadingsMatrix:
    """Hourly loads in kWh from the first of January on."""
    rng, hours = np.random.default_rng(seed), np.arange(DAY)
    profile = 0.1 + np.exp(-((hours - 8) ** 2) / 4) + 2 * np.exp(-((hours - 19) ** 2) / 6)
    size = rng.lognormal(sigma=0.5, size=(meters, 1, 1))
    kwh = (size * profile * rng.lognormal(sigma=0.25, size=(meters, days, DAY))).round(3).astype(np.float32)
    names = np.array([f"meter-{number}" for number in range(meters)], dtype=object)
    return ReadingsMatrix(names, pd.Timestamp("2024-01-01", tz="UTC"), 60, kwh.reshape(meters, -1))


def make_up_days(meters: int, days: int, seed: int = 0) -> MeterDays:
    """The same, each day with the four weeks before it."""
    return find_meter_days(make_up_matrix(meters, days, seed), 28, "Europe/London", "GB")
