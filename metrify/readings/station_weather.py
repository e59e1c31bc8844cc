"""The weather of one station as it became known: what a forecast origin may ask for, and no more than that."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from metrify.readings.known import KnownWeather, known_before, newest_of_each
from metrify.readings.own_intervals import own_ends


@dataclass(frozen=True)
class StationWeather:
    """Intervals with what was observed in them, and with what was forecast for them. Times are datetime64[us], UTC.

    Attributes:
        columns: `[C]` names of the quantities.
        observed_starts: `[R]` of the intervals.
        observed_ends: `[R]` theirs, when the observation became known.
        observed: `[R, C]` float32; NaN where a quantity was not measured.
        forecast_starts: `[F]` of the intervals; an interval has one for each issue.
        forecast_ends: `[F]` theirs.
        issued_at: `[F]` when the forecast became known.
        forecast: `[F, C]` float32.
    """

    columns: tuple[str, ...]
    observed_starts: np.ndarray
    observed_ends: np.ndarray
    observed: np.ndarray
    forecast_starts: np.ndarray
    forecast_ends: np.ndarray
    issued_at: np.ndarray
    forecast: np.ndarray

    @classmethod
    def from_rows(cls, weather: pd.DataFrame, columns: tuple[str, ...], step_minutes: int) -> Self:
        """Reads rows of one station that keep the contract of weather.

        Args:
            weather: `timestamp`, `issued_at` and the quantities.
            columns: Names of the quantities.
            step_minutes: Length of an interval of the readings.

        Raises:
            ReadingsError: The weather is not of whole multiples of the readings' intervals.
        """
        is_forecast = weather["issued_at"].notna().to_numpy()
        times = weather["timestamp"].dt.tz_localize(None).to_numpy("datetime64[us]")
        issued = weather["issued_at"].dt.tz_localize(None).to_numpy("datetime64[us]")
        values = weather[list(columns)].to_numpy(np.float32)
        ends = own_ends("The weather", times, step_minutes, issued)
        observed, forecast = ((times[rows], ends[rows], values[rows]) for rows in (~is_forecast, is_forecast))
        return cls(columns, *observed, *forecast[:2], issued[is_forecast], forecast[2])

    def known_at(
        self, origins: np.ndarray, lookback: int, horizon: int, step_minutes: int, delay_minutes: int = 0
    ) -> KnownWeather:
        """What was known at forecast origins.

        Args:
            origins: `[N]` datetime64, UTC.
            lookback: Intervals of the readings before the origin.
            horizon: Intervals from the origin on.
            step_minutes: Length of an interval of the readings.
            delay_minutes: Until what was observed or issued has arrived.
        """
        step, delay = np.timedelta64(step_minutes, "m"), np.timedelta64(delay_minutes, "m")
        origins = origins.astype("datetime64[us]")
        measured = self.observed_starts, self.observed_ends, self.observed
        observed = known_before(*measured, origins, lookback, step, delay)
        future = origins[:, None] + np.arange(horizon) * step
        newest = newest_of_each(self.forecast_starts, self.forecast_ends, self.issued_at, future, origins - delay)
        found = newest >= 0
        forecast = np.full((*future.shape, len(self.columns)), np.nan, np.float32)
        issued_at = np.full(future.shape, np.datetime64("NaT", "us"))
        forecast[found], issued_at[found] = self.forecast[newest[found]], self.issued_at[newest[found]]
        return KnownWeather(self.columns, observed, forecast, issued_at)

    def between(self, first: np.datetime64, last: np.datetime64, lookback: np.timedelta64) -> Self:
        """The part that origins from `first` on ask for, as long as their horizons end by `last`.

        Of the forecasts of one interval that were issued by the first origin, only the newest can be the newest later.

        Args:
            first: The earliest origin.
            last: The end of the latest horizon.
            lookback: How long before an origin its window begins.
        """
        seen = (self.observed_ends > first - lookback) & (self.observed_starts < last)
        ahead = (self.forecast_ends > first) & (self.forecast_starts < last)
        order = np.lexsort((self.issued_at, self.forecast_ends, self.forecast_starts))
        has_newer = np.zeros(len(order), bool)
        earlier, later = order[:-1], order[1:]
        has_newer[earlier] = (
            (self.forecast_starts[earlier] == self.forecast_starts[later])
            & (self.forecast_ends[earlier] == self.forecast_ends[later])
            & (self.issued_at[later] <= first)
        )
        kept = ahead & ~has_newer
        return type(self)(
            self.columns,
            *(values[seen] for values in (self.observed_starts, self.observed_ends, self.observed)),
            *(values[kept] for values in (self.forecast_starts, self.forecast_ends, self.issued_at, self.forecast)),
        )
