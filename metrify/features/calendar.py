"""Calendar features in local time. Daylight saving and public holidays are those of the dataset's place."""

import holidays
import numpy as np
import pandas as pd

from metrify.features.batch import FeatureBatch, FeatureContext

_HOURS_PER_DAY = 24
_DAYS_PER_WEEK = 7
_SATURDAY = 5


def window_rest_day(batch: FeatureBatch) -> np.ndarray:
    """Whether each interval of the window lies on a weekend or a public holiday, `[N, sequence_length]` of 0 and 1."""
    length = batch.context.sequence_length
    return _by_origin(batch, lambda local: _rest_day(local, batch.context), range(-length, 0))


def horizon_calendar(batch: FeatureBatch) -> np.ndarray:
    """Local clock of each interval of the horizon, `[N, forecast_horizon, 5]`.

    The channels are sine and cosine of the hour of the day, sine and cosine of the day of the week, and 1 on a weekend
    or public holiday.
    """

    def channels(local: pd.DatetimeIndex) -> np.ndarray:
        hour = 2 * np.pi * (local.hour + local.minute / 60).to_numpy() / _HOURS_PER_DAY
        day = 2 * np.pi * local.dayofweek.to_numpy() / _DAYS_PER_WEEK
        return np.stack(
            [np.sin(hour), np.cos(hour), np.sin(day), np.cos(day), _rest_day(local, batch.context)], axis=-1
        )

    return _by_origin(batch, channels, range(batch.context.forecast_horizon))


def _by_origin(batch: FeatureBatch, function, steps: range) -> np.ndarray:  # type: ignore[no-untyped-def]
    """Evaluates a function of local time once for each distinct origin and repeats the result for its rows."""
    origins, rows = np.unique(batch.origins, return_inverse=True)
    step = np.timedelta64(batch.context.resolution_minutes, "m")
    offsets = np.arange(steps.start, steps.stop) * step
    stamps = (origins.astype("datetime64[s]")[:, None] + offsets[None, :]).ravel()
    local = pd.DatetimeIndex(stamps, tz="UTC").tz_convert(batch.context.timezone)
    values = np.asarray(function(local), dtype=np.float32)
    return values.reshape(len(origins), len(steps), *values.shape[1:])[rows]


def _rest_day(local: pd.DatetimeIndex, context: FeatureContext) -> np.ndarray:
    years = range(local.year.min(), local.year.max() + 1)
    public = pd.DatetimeIndex(sorted(holidays.country_holidays(context.country, years=years)))
    days = local.tz_localize(None).normalize()
    return ((local.dayofweek >= _SATURDAY) | days.isin(public)).astype(np.float32)
