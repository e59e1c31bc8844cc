"""What is expected of a feeder's loads and inverters on one day, and where that comes from."""

import datetime
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from metrify.config import Home
from metrify.errors import GridError
from metrify.grid.expected_hours import usual_kvar_per_kw
from metrify.grid.feeder import Profiles
from metrify.grid.feeder_files import StoredFeeder
from metrify.steps.forecast_elements import forecast_elements

_DAY = np.timedelta64(24, "h")


@dataclass(frozen=True, eq=False)
class Expected:
    """What is expected of one day.

    Attributes:
        profiles: Of the steps of that day; hours where they are a forecast.
        source: What they are, in words.
        degraded_reason: Why there is no forecast, so that the profiles are those that a rule goes by; empty where there
            is one.
    """

    profiles: Profiles
    source: str
    degraded_reason: str = ""


def expected_profiles(
    stored: StoredFeeder,
    day: datetime.date | None,
    home: Home,
    is_measured: bool = False,
    kvar_per_kw: np.ndarray | None = None,
) -> Expected:
    """Profiles of a local day: as they came, as they are forecast, or else as they were the day before.

    Args:
        stored: The feeder with what it did.
        day: Local date that is forecast, or at most the one after the profiles. Without it the hours that are forecast,
            however many these are, or else the last whole day of the profiles.
        home: Where forecasts are looked for; see `forecast_elements`.
        is_measured: Whether the day is to be as it came: what a controller with perfect foresight would see.
        kvar_per_kw: `[L]` that loads usually draw of reactive power; what they drew in the profiles without it.

    Raises:
        GridError: There is no forecast of the day, and the profiles don't reach to it.
        BundleError: The bundle of the forecaster is damaged.
    """
    forecast = None if is_measured else _forecast(stored, day, home, kvar_per_kw)
    if forecast is not None:
        return forecast
    first, count = _steps_of(stored, day or last_whole_day(stored))
    profiles = stored.profiles
    is_whole = first >= 0 and first + count <= len(profiles)
    if is_measured:
        if not is_whole:
            raise _out_of_reach(stored, day, "measured")
        return Expected(profiles.steps(first, count), "measured")
    before = first - int(_DAY / np.timedelta64(profiles.minutes, "m"))
    if before >= 0 and before + count <= len(profiles):
        moved = profiles.steps(before, count)
        return Expected(replace(moved, start=moved.start + _DAY), "forecast: day before")
    if is_whole:
        reason = "there is no forecast of this day, since the profiles have no day before it"
        return Expected(profiles.steps(first, count), "measured at each step", reason)
    raise _out_of_reach(stored, day, "expected")


def _forecast(
    stored: StoredFeeder, day: datetime.date | None, home: Home, kvar_per_kw: np.ndarray | None
) -> Expected | None:
    """What is forecast of a day, or of as many hours as there are; None where that is not all of the day."""
    found = forecast_elements(stored.feeder, home)
    if found is None:
        return None
    profiles = found.hours.profiles(usual_kvar_per_kw(stored.profiles) if kvar_per_kw is None else kvar_per_kw)
    if day is not None:
        first, stop = ((edge - profiles.start) // np.timedelta64(1, "h") for edge in _edges_of(stored, day))
        if first < 0 or stop > len(profiles):
            return None
        profiles = profiles.steps(int(first), int(stop - first))
    return Expected(profiles, f"forecast: {found.version}")


def last_whole_day(stored: StoredFeeder) -> datetime.date:
    """The last local day that lies wholly in the profiles.

    Raises:
        GridError: They hold no whole day.
    """
    profiles = stored.profiles
    ends = pd.DatetimeIndex(profiles.ends, tz="UTC").tz_convert(stored.timezone)
    midnights = ends[ends == ends.normalize()]
    for end in midnights[::-1]:
        day = (end - pd.Timedelta(hours=1)).date()
        if _steps_of(stored, day)[0] >= 0:
            return day
    raise GridError(
        f"The profiles of {stored.feeder.network.name} hold no whole day.", "Import a week of them at least."
    )


def _steps_of(stored: StoredFeeder, day: datetime.date) -> tuple[int, int]:
    """Number of the first step of a local day, which may lie out of the profiles, and how many it has."""
    step = np.timedelta64(stored.profiles.minutes, "m")
    first, stop = ((edge - stored.profiles.start) / step for edge in _edges_of(stored, day))
    if first % 1 or stop % 1:
        raise GridError(
            f"No step of the profiles of {stored.feeder.network.name} begins with the day {day}.",
            "Import profiles whose steps begin with the hour.",
        )
    return int(first), int(stop - first)


def _edges_of(stored: StoredFeeder, day: datetime.date) -> list[np.datetime64]:
    """When a local day begins and ends, UTC."""
    return [
        pd.Timestamp(at).tz_localize(stored.timezone).tz_convert("UTC").tz_localize(None).to_datetime64()
        for at in (day, day + datetime.timedelta(days=1))
    ]


def _out_of_reach(stored: StoredFeeder, day: datetime.date | None, what: str) -> GridError:
    first, last = (
        pd.Timestamp(at, tz="UTC").tz_convert(stored.timezone)
        for at in (stored.profiles.start, stored.profiles.ends[-1])
    )
    return GridError(
        f"Nothing can be {what} of {stored.feeder.network.name} on {day}: its profiles are from {first:%Y-%m-%d %H:%M} "
        f"to {last:%Y-%m-%d %H:%M}.",
        "Choose a day of theirs, or the one after them, with --day.",
    )
