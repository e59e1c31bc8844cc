"""Calendar features in local time. Daylight saving and public holidays are those of the dataset's place."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

import holidays
import numpy as np
import pandas as pd

from metrify.errors import ConfigError
from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.clock_days import by_clock
from metrify.features.local_time import by_origin, to_local
from metrify.readings.matrix import ReadingsMatrix
from metrify.units import HOURS_PER_DAY, MINUTES_PER_HOUR

_DAYS_PER_WEEK = 7
_SATURDAY = 5


def window_rest_day(batch: FeatureBatch) -> np.ndarray:
    """Whether each interval of `load_window` lies on a weekend or a public holiday, `[N, sequence_length]` of 0 and 1.

    Raises:
        ConfigError: The time zone is unknown, or no public holidays are known of the country.
    """
    return by_clock(rest_day_before(batch), batch)


def rest_day_before(batch: FeatureBatch) -> np.ndarray:
    """The same for each interval of the batch's windows, which are not by the clock.

    Raises:
        ConfigError: The time zone is unknown, or no public holidays are known of the country.
    """
    length = batch.context.sequence_length
    return by_origin(batch, lambda local: _rest_day(local, batch.context.country), range(-length, 0))


def horizon_calendar(batch: FeatureBatch) -> np.ndarray:
    """Local clock of each interval of the horizon, `[N, forecast_horizon, 5]`.

    The channels are sine and cosine of the hour of the day, sine and cosine of the day of the week, and 1 on a weekend
    or public holiday.

    Raises:
        ConfigError: The time zone is unknown, or no public holidays are known of the country.
    """

    def channels(local: pd.DatetimeIndex) -> np.ndarray:
        hour = _hour_angle(local)
        day = 2 * np.pi * _day_of_week(local) / _DAYS_PER_WEEK
        rest = _rest_day(local, batch.context.country)
        return np.stack([np.sin(hour), np.cos(hour), np.sin(day), np.cos(day), rest], axis=-1).astype(np.float32)

    return by_origin(batch, channels, range(batch.context.forecast_horizon))


@dataclass(frozen=True)
class OriginCalendar:
    """A number that the local calendar gives to each origin, for models that read tables.

    Attributes:
        name: The feature's name.
        unit: Its unit.
        values: From P local times and the country to `[P]`.
    """

    name: str
    unit: str
    values: Callable[[pd.DatetimeIndex, str], np.ndarray]

    def __call__(self, batch: FeatureBatch) -> np.ndarray:
        """At the origins of a batch, `[N]`.

        Raises:
            ConfigError: The time zone is unknown, or no public holidays are known of the country.
        """
        return by_origin(batch, lambda local: self.values(local, batch.context.country), range(1))[:, 0]

    @property
    def source(self) -> Self:
        """It fills its column of a panel itself."""
        return self

    def fill_panel(
        self, matrix: ReadingsMatrix, context: FeatureContext, first: int, columns: Mapping[str, np.ndarray]
    ) -> None:
        """Fills each row of `[M, O]` at the starts of the intervals from `first` on.

        Raises:
            ConfigError: The time zone is unknown, or no public holidays are known of the country.
        """
        (out,) = columns.values()
        step = pd.Timedelta(minutes=matrix.resolution_minutes)
        origins = pd.date_range(matrix.start + first * step, periods=out.shape[1], freq=step)
        out[:] = self.values(to_local(origins, context.timezone), context.country)


def _hour(local: pd.DatetimeIndex) -> np.ndarray:
    return (local.hour + local.minute / MINUTES_PER_HOUR).to_numpy()


def _hour_angle(local: pd.DatetimeIndex) -> np.ndarray:
    return 2 * np.pi * _hour(local) / HOURS_PER_DAY


def _day_of_week(local: pd.DatetimeIndex) -> np.ndarray:
    return local.dayofweek.to_numpy()


def _rest_day(local: pd.DatetimeIndex, country: str) -> np.ndarray:
    try:
        public = holidays.country_holidays(country, years=local.year.unique())
    except NotImplementedError as error:
        raise ConfigError(
            f"No public holidays are known of the country {country!r}.",
            "Use an ISO 3166 code in capitals, such as DE or GB.",
        ) from error
    days = local.tz_localize(None).normalize()
    return ((local.dayofweek >= _SATURDAY) | days.isin(pd.DatetimeIndex(sorted(public)))).astype(np.float32)


ORIGIN_CALENDAR: tuple[OriginCalendar, ...] = (
    OriginCalendar("origin_hour", "h", lambda local, country: _hour(local)),
    OriginCalendar("origin_hour_sine", "1", lambda local, country: np.sin(_hour_angle(local))),
    OriginCalendar("origin_hour_cosine", "1", lambda local, country: np.cos(_hour_angle(local))),
    OriginCalendar("origin_day_of_week", "1", lambda local, country: _day_of_week(local)),  # 0 is a Monday
    OriginCalendar("origin_rest_day", "1", _rest_day),
)
