"""Windows by the local clock: against the clock times themselves."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.clock_days import by_clock

DAYS = 7


def clock_of(origins: list[str], timezone: str, minutes: int) -> tuple[np.ndarray, FeatureBatch, pd.DatetimeIndex]:
    """Windows that hold the local time of each interval in minutes, and their origins on the local clock."""
    local = pd.DatetimeIndex(origins).tz_localize(timezone)
    length = DAYS * 24 * 60 // minutes
    step = pd.Timedelta(minutes=minutes)
    stamps = [pd.date_range(end=origin, periods=length + 1, freq=step)[:-1] for origin in local]
    windows = np.stack([(s.tz_localize(None) - pd.Timestamp("2000")) / pd.Timedelta(minutes=1) for s in stamps])
    context = FeatureContext(length, 24, minutes, timezone, "GB")
    batch = FeatureBatch(windows, local.tz_convert("UTC").tz_localize(None).to_numpy(), context)
    return windows, batch, local


@pytest.mark.parametrize("minutes", [15, 60])
@pytest.mark.parametrize("timezone", ["Europe/London", "America/New_York", "Australia/Sydney"])
@settings(max_examples=25)
@given(day=st.integers(0, 730), hour=st.integers(4, 23))
def test_each_place_of_a_day_is_one_clock_time(timezone: str, minutes: int, day: int, hour: int) -> None:
    origin = pd.Timestamp("2022-01-01") + pd.Timedelta(days=day, hours=hour)
    windows, batch, _ = clock_of([str(origin)], timezone, minutes)
    moved = by_clock(windows, batch)[0]
    expected = (origin - pd.Timestamp("2000")) / pd.Timedelta(minutes=1) + np.arange(-len(moved), 0) * minutes
    wrong = moved != expected
    assert wrong.sum() * minutes <= 60  # the skipped hour, or the one before the window
    assert (np.abs(moved - expected)[wrong] <= 24 * 60).all()


def test_only_windows_over_a_clock_change_are_moved() -> None:
    windows, batch, _ = clock_of(["2023-03-20", "2023-03-28", "2023-04-10"], "Europe/London", 60)
    moved = by_clock(windows, batch)
    np.testing.assert_array_equal(moved[[0, 2]], windows[[0, 2]])
    assert (moved[1] != windows[1]).sum() == 5 * 24 + 2  # from 23:00 on the 20th to the change at 1:00 on the 26th
    calm = FeatureBatch(windows[:1], batch.origins[:1], batch.context)
    assert by_clock(windows[:1], calm) is not None
    np.testing.assert_array_equal(by_clock(windows[:1], calm), windows[:1])
