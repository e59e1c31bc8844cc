"""The mean load at the clock times of the horizon."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrify.errors import ConfigError
from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.same_hour_profile import same_hour_profile

from .loads import draw_matrix

DAY = 24


def batch_at(origin: str, windows: np.ndarray, timezone: str = "Europe/Berlin", minutes: int = 60) -> FeatureBatch:
    context = FeatureContext(windows.shape[1], DAY * 60 // minutes, minutes, timezone, "DE")
    return FeatureBatch(windows, np.full(len(windows), np.datetime64(origin, "s")), context)


def in_pandas(batch: FeatureBatch) -> np.ndarray:
    context = batch.context
    step = pd.Timedelta(minutes=context.resolution_minutes)
    profiles = np.empty((len(batch.windows), context.forecast_horizon))
    for row, (window, end) in enumerate(zip(batch.windows, batch.origins, strict=True)):
        origin = pd.Timestamp(end, tz="UTC")
        past = pd.date_range(origin - len(window) * step, periods=len(window), freq=step).tz_convert(context.timezone)
        to_come = pd.date_range(origin, periods=context.forecast_horizon, freq=step).tz_convert(context.timezone)
        means = pd.Series(window.astype(float)).groupby(past.time).mean()
        profiles[row] = means.reindex(to_come.time).to_numpy()
    return profiles


@pytest.mark.parametrize("minutes", [15, 30, 60])
@given(
    seed=st.integers(0, 2**32 - 1),
    hours=st.lists(st.integers(0, 366 * DAY), min_size=4, max_size=4),
    days=st.integers(2, 9),
    missing=st.sampled_from([0.0, 0.3, 0.8]),
    timezone=st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC"]),
)
@settings(max_examples=20)
def test_values_are_those_of_pandas(
    minutes: int, seed: int, hours: list[int], days: int, missing: float, timezone: str
) -> None:
    windows = draw_matrix(4, days * DAY * 60 // minutes, seed, missing).kwh
    origins = np.datetime64("2024-01-01", "s") + np.array(hours) * np.timedelta64(1, "h")
    batch = FeatureBatch(windows, origins, FeatureContext(windows.shape[1], DAY, minutes, timezone, "DE"))
    np.testing.assert_allclose(same_hour_profile(batch), in_pandas(batch), rtol=1e-6)


@pytest.mark.parametrize("origin", ["2024-03-31T22:00", "2024-10-27T23:00"])  # midnights after the clocks changed
def test_the_profile_stays_with_people_s_day_when_the_clocks_change(origin: str) -> None:
    stamps = pd.date_range(end=origin, periods=28 * DAY + 1, freq="h", tz="UTC")[:-1]
    window = stamps.tz_convert("Europe/Berlin").hour.to_numpy(np.float32)[None]
    assert same_hour_profile(batch_at(origin, window))[0].tolist() == list(range(DAY))


def test_rows_do_not_mix() -> None:
    windows = np.repeat(np.arange(3, dtype=np.float32)[:, None], 48, axis=1)
    profiles = same_hour_profile(batch_at("2024-02-01", windows))
    np.testing.assert_array_equal(profiles, np.repeat(windows[:, :1], DAY, axis=1))


def test_a_clock_time_without_any_reading_is_nan() -> None:
    window = np.arange(48, dtype=np.float32)[None]
    window[0, [5, 29]] = np.nan
    window[0, 6] = np.nan
    profile = same_hour_profile(batch_at("2024-02-01", window, "UTC"))[0]
    assert np.isnan(profile).nonzero()[0].tolist() == [5]
    assert profile[[6, 7]].tolist() == [30, 19]


@pytest.mark.parametrize(("minutes", "needed"), [(15, 192), (60, 48)])
def test_less_than_two_days_are_refused(minutes: int, needed: int) -> None:
    with pytest.raises(ConfigError, match=f"same_hour_profile needs {needed} intervals .* there are {needed - 1}"):
        same_hour_profile(batch_at("2024-02-01", np.ones((1, needed - 1), np.float32), minutes=minutes))
