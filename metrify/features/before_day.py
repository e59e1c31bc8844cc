"""A judged day as a forecaster sees it coming: what it reads as that day begins, and what was measured then."""

from dataclasses import replace

import numpy as np

from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.calendar import horizon_calendar, window_rest_day
from metrify.features.clock_days import clock_columns
from metrify.features.judged_day import days_by_clock
from metrify.features.window_gaps import fill_window_gaps
from metrify.features.windows import cut_stored
from metrify.units import intervals_per_day


def history_window(batch: FeatureBatch) -> np.ndarray:
    """The days before the judged one, `[N, sequence_length - T]` float32 kWh by the local clock.

    Gaps are filled as those of a forecast are, see `fill_window_gaps`; NaN where too little is there to do so.

    Args:
        batch: Windows that end where the judged day, of T readings, does.

    Raises:
        ConfigError: The windows are no whole days, or too few of them; or the time zone is unknown.
    """
    days = days_by_clock(batch)
    eve = _as_it_begins(batch, days.shape[2])
    return replace(eve, windows=fill_window_gaps(eve)).clock_windows


def history_rest_day(batch: FeatureBatch) -> np.ndarray:
    """Whether each interval of `history_window` lies on a weekend or a public holiday, 0 or 1; see `window_rest_day`.

    Raises:
        ConfigError: The time zone is unknown, or no public holidays are known of the country.
    """
    return window_rest_day(_as_it_begins(batch, _day(batch.context)))


def day_calendar(batch: FeatureBatch) -> np.ndarray:
    """The local clock of each interval from the beginning of the judged day on, `[N, T, 5]`; see `horizon_calendar`.

    Raises:
        ConfigError: The time zone is unknown, or no public holidays are known of the country.
    """
    return horizon_calendar(_as_it_begins(batch, _day(batch.context)))


def day_readings(batch: FeatureBatch) -> np.ndarray:
    """The readings of the judged day, `[N, T]` float32 kWh by the local clock; NaN where one is missing.

    Raises:
        ConfigError: The windows are no whole days, or too few of them; or the time zone is unknown.
    """
    return days_by_clock(batch)[:, -1]


def _as_it_begins(batch: FeatureBatch, day: int) -> FeatureBatch:
    """The same meters when their judged days begin, with windows that end there."""
    context, origins = batch.context, batch.origins.astype("datetime64[s]")
    before = replace(context, sequence_length=context.sequence_length - day, forecast_horizon=day)
    distinct, rows = np.unique(origins, return_inverse=True)
    lengths = np.array([_intervals_of_day(origin, context, day) for origin in distinct])[rows]
    starts = origins - lengths * np.timedelta64(context.resolution_minutes, "m")
    return FeatureBatch(cut_stored(batch.windows, before.sequence_length, lengths), starts, before)


def _intervals_of_day(end: np.datetime64, context: FeatureContext, day: int) -> int:
    """Intervals of the day that ends somewhere: fewer, or more, where the clocks change."""
    columns = clock_columns(end, context)
    return day if columns is None else context.sequence_length - int(columns[-day])


def _day(context: FeatureContext) -> int:
    return intervals_per_day(context.resolution_minutes)
