"""Gaps of windows: filled by the window itself, or left alone where it knows too little."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from metrify.features.window_gaps import fill_window_gaps

DAY = 4


def test_a_gap_is_the_mean_of_its_clock_time() -> None:
    window = np.array([[1, 2, 3, 4, 5, np.nan, 7, 8, 9, 10, 11, 12]], np.float32)
    filled, missing = fill_window_gaps(window, DAY)
    assert filled[0, 5] == 6
    assert missing.tolist() == [1 / 12]
    np.testing.assert_array_equal(np.delete(filled, 5), np.delete(window, 5))


def test_a_window_that_shows_too_little_stays_unknown() -> None:
    few = np.full((1, 12), np.nan)
    few[0, :5] = 1
    never_seen = np.ones((1, 12))
    never_seen[0, 3::DAY] = np.nan
    for window in (few, never_seen, np.full((1, 12), np.nan)):
        assert np.isnan(fill_window_gaps(window, DAY)[0]).all()


@given(st.integers(0, 2**32 - 1), st.floats(0, 0.6))
def test_rows_are_filled_apart_and_measured_readings_stay(seed: int, share: float) -> None:
    generator = np.random.default_rng(seed)
    windows = np.where(generator.random((5, 5 * DAY)) < share, np.nan, generator.gamma(1, 1, (5, 5 * DAY)))
    filled, missing = fill_window_gaps(windows, DAY)
    known = np.isfinite(filled).all(axis=1)
    np.testing.assert_array_equal(missing, np.isnan(windows).mean(axis=1))
    assert np.isnan(filled[~known]).all()
    measured = np.isfinite(windows[known])
    np.testing.assert_array_equal(filled[known][measured], windows[known][measured].astype(np.float32))
    for row in range(5):
        np.testing.assert_array_equal(fill_window_gaps(windows[[row]], DAY)[0][0], filled[row])
