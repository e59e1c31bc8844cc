"""What readings would look like if the population changed: used to show and to test drift detection."""

import numpy as np
import pandas as pd

from metrify.units import hours

CHARGING_KW = 2.3  # one phase at 10 A, the slowest way of charging at home
_CHARGING_HOURS = (19, 22)  # local time


def with_evening_charging(
    kwh: np.ndarray, timestamps: pd.DatetimeIndex, resolution_minutes: int, share_of_meters: float, seed: int
) -> np.ndarray:
    """Readings of a population in which a share of the meters charges an electric car every evening.

    Args:
        kwh: `[M, T]` kWh per interval.
        timestamps: `[T]` starts of the intervals in local time.
        resolution_minutes: Length of an interval.
        share_of_meters: Which share has a car; drawn by the seed.
        seed: Of the draw.

    Returns:
        `[M, T]` float32.
    """
    first, last = _CHARGING_HOURS
    evening = (timestamps.hour >= first) & (timestamps.hour < last)
    has_car = np.random.default_rng(seed).random(len(kwh)) < share_of_meters
    charge_kwh = CHARGING_KW * hours(resolution_minutes)
    return (kwh + charge_kwh * has_car[:, None] * evening[None, :]).astype(np.float32)
