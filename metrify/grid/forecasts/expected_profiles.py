"""What can be expected when a step begins: forecasts, what is measured now, and what came a week ago beyond both."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from metrify.grid.feeder import Feeder, Profiles
from metrify.grid.forecasts.hourly_forecaster import HourlyForecasts

_WEEK = np.timedelta64(7, "D")
_LOAD_MEMORY, _SUN_MEMORY = 0.9, 0.97  # of a quarter of an hour: how long what a forecast misses now will last
_MOST_SUN = 3.0  # times what was forecast
_LEAST_SUN_SHARE = 0.02  # of an inverter's rating, below which a forecast tells nothing of the rest of the day


@dataclass(frozen=True, eq=False)
class Expectations:
    """What is expected at each step of a time.

    What a forecast misses at present is added to the loads of the next hours, and the sun of the day is scaled by it,
    both fading out. Beyond the forecast, each element is expected to do what it did at the same time a week before, as
    often as it takes to know that.

    Attributes:
        feeder: What is connected.
        year: Profiles of the time with a week before it, as they are measured. No step sees what comes after it.
        forecasts: From hours of the time, the newest of which is used; None for what came a week before alone.
    """

    feeder: Feeder
    year: Profiles
    forecasts: HourlyForecasts | None

    def at(self, step: int, until: int) -> Profiles:
        """Profiles from a step of `year` on, the first as it is measured, up to another one.

        Args:
            step: Number of the present step.
            until: Number of the step behind the last one.
        """
        year, loads = self.year, len(self.feeder.load_names)
        lead = np.arange(until - step)
        kw = self._kw[self._week_before(step, lead)]
        self._add_forecast(kw, step, lead)
        now = self._kw[step]
        quarters = year.minutes / 15
        missed = now[:loads] - kw[0, :loads]
        kw[:, :loads] += missed * (_LOAD_MEMORY**quarters) ** lead[:, None]
        sun = kw[0, loads:]
        is_bright = sun > _LEAST_SUN_SHARE * self.feeder.pv_kva
        ratio = np.where(is_bright, np.clip(now[loads:] / np.where(is_bright, sun, 1), 0, _MOST_SUN), 1.0)
        kw[:, loads:] *= 1 + (ratio - 1) * (_SUN_MEMORY**quarters) ** lead[:, None]
        kw = np.maximum(kw, 0)
        kw[0] = now
        pv = np.minimum(kw[:, loads:], np.maximum(self.feeder.pv_kva, now[loads:]))
        kvar = kw[:, :loads] * self._kvar_per_kw(step)
        kvar[0] = year.load_kvar[step]
        start = year.start + step * np.timedelta64(year.minutes, "m")
        return Profiles(start, year.minutes, kw[:, :loads], kvar, pv)

    @cached_property
    def _kw(self) -> np.ndarray:
        """`[T, M]` of loads and inverters."""
        return np.concatenate([self.year.load_kw, self.year.pv_kw], axis=1)

    def _add_forecast(self, kw: np.ndarray, step: int, lead: np.ndarray) -> None:
        forecasts, per_hour = self.forecasts, 60 // self.year.minutes
        if forecasts is None:
            return
        newest = int(np.searchsorted(forecasts.origins, step // per_hour, side="right")) - 1
        if newest < 0:
            return
        hour = (step + lead) // per_hour - forecasts.origins[newest]
        known = hour < forecasts.mean_kw.shape[1]
        kw[known] = forecasts.mean_kw[newest][hour[known]]

    def _week_before(self, step: int, lead: np.ndarray) -> np.ndarray:
        """Numbers of the steps a week before each, or two where that has not come yet either."""
        week = self._steps_a_week
        weeks = lead // week + 1
        return np.maximum(step + lead - weeks * week, 0)

    def _kvar_per_kw(self, step: int) -> np.ndarray:
        before = slice(max(step - self._steps_a_week, 0), step + 1)
        drawn = np.maximum(self.year.load_kw[before].sum(axis=0), 1e-9)
        return np.asarray(self.year.load_kvar[before].sum(axis=0) / drawn)

    @property
    def _steps_a_week(self) -> int:
        return int(_WEEK / np.timedelta64(self.year.minutes, "m"))


def day_before(feeder: Feeder, year: Profiles, first: int, steps: int) -> HourlyForecasts:
    """Persistence: each hour of a time is forecast to be what it was a day before, from each hour on.

    Args:
        feeder: What is connected.
        year: Profiles of the time with a day before it.
        first: Number of the first step.
        steps: How many there are.
    """
    per_hour = 60 // year.minutes
    kw = np.concatenate([year.load_kw, year.pv_kw], axis=1)
    hourly = kw[: len(kw) // per_hour * per_hour].reshape(-1, per_hour, kw.shape[1]).mean(axis=1)
    origins = np.arange(first // per_hour, (first + steps) // per_hour)
    mean = np.stack([hourly[origin - 24 : origin] for origin in origins])
    return HourlyForecasts(origins, mean, mean[..., None])
