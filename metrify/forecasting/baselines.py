"""What users would pick instead of a model. Windows are `[N, L]` kWh, oldest first, and end at the origin."""

import numpy as np

from metrify.errors import ConfigError

SEASONAL_NAIVE_LAG_DAYS = 7
PERSISTENCE_LAG_DAYS = (1, 7, 14, 21, 28)


def lagged_days(windows: np.ndarray, horizon: int, day_length: int, lag_days: tuple[int, ...]) -> np.ndarray:
    """The values that lie `lag_days` before each interval of the horizon; beyond the lag they are repeated.

    Args:
        windows: `[N, L]` kWh per interval.
        horizon: Intervals to forecast.
        day_length: Intervals in a day.
        lag_days: Lags in days.

    Returns:
        `[N, len(lag_days), horizon]`.

    Raises:
        ConfigError: The windows are too short for the longest lag.
    """
    if max(lag_days) * day_length > windows.shape[1]:
        raise ConfigError(
            f"Windows of {windows.shape[1]} intervals lack lags of {max(lag_days)} days.",
            f"Use a lookback_window of at least {max(lag_days) * day_length}.",
        )
    lags = [lag * day_length for lag in lag_days]
    columns = [windows.shape[1] - lag + np.arange(horizon) % lag for lag in lags]
    return windows[:, np.stack(columns)]


def seasonal_naive(
    windows: np.ndarray, horizon: int, day_length: int, season_days: int = SEASONAL_NAIVE_LAG_DAYS
) -> np.ndarray:
    """The same hours one season ago, which is a week, `[N, horizon]` kWh."""
    return lagged_days(windows, horizon, day_length, (season_days,))[:, 0]


def persistence_ensemble(windows: np.ndarray, horizon: int, day_length: int) -> np.ndarray:
    """The mean of yesterday and the last four same weekdays, `[N, horizon]` kWh."""
    return lagged_days(windows, horizon, day_length, PERSISTENCE_LAG_DAYS).mean(axis=1)
