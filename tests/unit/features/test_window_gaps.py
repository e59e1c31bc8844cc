"""Gaps of windows: filled by the window itself, or left alone where it knows too little."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.window_gaps import fill_window_gaps

DAY = 4
MONDAY = np.datetime64("2024-01-21T23:00", "s")


def batch(windows: np.ndarray, origin: np.datetime64 = MONDAY, resolution_minutes: int = 360) -> FeatureBatch:
    context = FeatureContext(windows.shape[1], DAY, resolution_minutes, "Europe/Berlin", "DE")
    return FeatureBatch(windows.astype(np.float32), np.repeat(origin, len(windows)), context)


def test_a_gap_is_the_mean_of_its_clock_time() -> None:
    window = np.array([[1, 2, 3, 4, 5, np.nan, 7, 8, 9, 10, 11, 12]])
    filled = fill_window_gaps(batch(window))
    assert filled[0, 5] == 6
    np.testing.assert_array_equal(np.delete(filled, 5), np.delete(window, 5))


def test_clock_times_are_local_ones() -> None:
    """The clocks of Berlin change on the 31st of March: from then on an hour of the day is one earlier in UTC."""
    origin, length = np.datetime64("2024-04-02T22:00", "s"), 5 * 24
    utc = origin + np.arange(-length, 0) * np.timedelta64(1, "h")
    local = utc + np.where(utc < np.datetime64("2024-03-31T01:00"), 1, 2) * np.timedelta64(1, "h")
    window = (local.astype("datetime64[h]").astype(int) % 24 + 1.0)[None]
    gaps = np.where(np.isin(np.arange(length), [2, 30, 31, 77, length - 5]), np.nan, window)
    np.testing.assert_array_equal(fill_window_gaps(batch(gaps, origin, 60)), window)


def test_a_window_that_shows_too_little_is_not_filled() -> None:
    few = np.full((1, 12), np.nan)
    few[0, :5] = 1
    for window in (few, np.full((1, 12), np.nan)):
        np.testing.assert_array_equal(fill_window_gaps(batch(window)), window)
    few[0, 5] = 1
    assert np.isfinite(fill_window_gaps(batch(few))).all()


def test_a_clock_time_that_was_never_seen_stays_a_gap() -> None:
    window = np.arange(12.0)[None]
    window[0, 3::DAY] = window[0, 1] = np.nan
    filled = fill_window_gaps(batch(window))
    assert np.flatnonzero(np.isnan(filled[0])).tolist() == [3, 7, 11]
    assert filled[0, 1] == (5 + 9) / 2


def test_a_short_history_is_judged_by_itself() -> None:
    window = np.where(np.arange(12) < 6, np.nan, np.arange(12.0))[None].repeat(2, axis=0)
    window[:, 8] = window[1, 6:8] = window[1, 9] = np.nan
    filled = fill_window_gaps(batch(window), np.array([6, 6]))
    assert np.isnan(filled[:, :6]).all()  # the time before the history is no gap
    assert np.isnan(filled[0, 8])  # nor is its clock time seen
    np.testing.assert_array_equal(filled[1], window[1])  # two of six are too few
    window[0, 10] = np.nan
    assert fill_window_gaps(batch(window), np.array([6, 6]))[0, 10] == 6


@given(st.integers(0, 2**32 - 1), st.floats(0, 0.6))
def test_rows_are_filled_apart_and_measured_readings_stay(seed: int, share: float) -> None:
    generator = np.random.default_rng(seed)
    windows = np.where(generator.random((5, 5 * DAY)) < share, np.nan, generator.gamma(1, 1, (5, 5 * DAY)))
    windows = windows.astype(np.float32)
    filled = fill_window_gaps(batch(windows))
    measured = np.isfinite(windows)
    np.testing.assert_array_equal(filled[measured], windows[measured])
    enough = measured.mean(axis=1) >= 0.5
    seen = measured.reshape(5, 5, DAY).any(axis=1, keepdims=True).repeat(5, axis=1).reshape(5, -1)
    np.testing.assert_array_equal(np.isfinite(filled), measured | (enough[:, None] & seen))
    for row in range(5):
        np.testing.assert_array_equal(fill_window_gaps(batch(windows[[row]]))[0], filled[row])
