"""The typical week that windows of new meters are completed by."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from metrify.errors import ReadingsError
from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.cold_start import ColdStartProfile, fit_cold_start_profile

DAY, LENGTH = 24, 14 * 24
CONTEXT = FeatureContext(LENGTH, DAY, 60, "Europe/Berlin", "DE")
MONDAY = np.datetime64("2024-01-21T23:00", "s")  # a local midnight; the fortnight before it holds no public holiday
HOUR = np.arange(LENGTH) % DAY
IS_REST = np.isin(np.arange(LENGTH) // DAY % 7, (5, 6))
WEEK = np.where(IS_REST, 1.5 + np.cos(HOUR), 1 + 0.5 * np.sin(HOUR))


def batch(windows: np.ndarray) -> FeatureBatch:
    return FeatureBatch(windows.astype(np.float32), np.repeat(MONDAY, len(windows)), CONTEXT)


def fit(*meters: np.ndarray) -> ColdStartProfile:
    names = np.array([f"m{row}" for row in range(len(meters))], object)
    return fit_cold_start_profile([(names, batch(np.stack(meters)))], 1)


def test_it_is_the_week_of_meters_that_share_one_whatever_their_size() -> None:
    profile = fit(0.1 * WEEK, WEEK, 40 * WEEK)
    relative = np.stack([WEEK[~IS_REST][:DAY], WEEK[IS_REST][:DAY]])
    np.testing.assert_allclose(profile.relative_load, np.maximum(relative / relative.mean(), 0.1), rtol=1e-5)
    np.testing.assert_allclose(
        profile.in_windows(batch(WEEK[None]))[0], np.maximum(WEEK / relative.mean(), 0.1), rtol=1e-5
    )


def test_one_meter_of_many_does_not_move_it() -> None:
    odd = np.where(HOUR == 3, 50.0, 0.1)
    np.testing.assert_allclose(fit(WEEK, WEEK, odd).relative_load, fit(WEEK).relative_load, rtol=1e-6)


@settings(max_examples=20)
@given(parts=st.lists(st.integers(1, 3), min_size=1, max_size=4))
def test_the_parts_that_rows_come_in_don_t_matter(parts: list[int]) -> None:
    generator = np.random.default_rng(sum(parts))
    windows = batch(generator.gamma(2, 1, (sum(parts), LENGTH)))
    names = np.array([f"m{row % 2}" for row in range(sum(parts))], object)
    bounds = np.cumsum([0, *parts])
    pieces = [slice(first, last) for first, last in pairwise(bounds)]
    divided = ((names[piece], batch(windows.windows[piece])) for piece in pieces)
    whole = fit_cold_start_profile([(names, windows)], 1)
    np.testing.assert_allclose(fit_cold_start_profile(divided, 1).relative_load, whole.relative_load, rtol=1e-6)


def test_nearly_silent_hours_and_feed_in_are_a_tenth_of_the_mean() -> None:
    profile = fit(np.where(HOUR == 12, -1.0, WEEK))
    assert min(profile.relative_load[0]) == 0.1


def test_a_day_type_that_no_window_shows_takes_the_other_ones() -> None:
    context = FeatureContext(DAY, DAY, 60, "Europe/Berlin", "DE")
    tuesday = FeatureBatch(WEEK[None, :DAY].astype(np.float32), np.array([MONDAY + np.timedelta64(1, "D")]), context)
    working, rest = fit_cold_start_profile([(np.array(["m"], object), tuesday)], 1).relative_load
    assert working == rest


def test_rows_that_tell_nothing_are_refused() -> None:
    for windows in (np.zeros(LENGTH), np.where(HOUR < 12, 1.0, -1.0), np.where(HOUR == 3, np.nan, 1.0)):
        with pytest.raises(ReadingsError, match="at every time of the day"):
            fit(windows)
    with pytest.raises(ReadingsError, match="no training row"):
        fit_cold_start_profile([], 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"resolution_minutes": 30},
        {"min_days": 0},
        {"relative_load": [[1.0] * DAY]},
        {"relative_load": [[0.0] * DAY, [1.0] * DAY]},
        {"relative_load": [[float("inf")] * DAY, [1.0] * DAY]},
        {"other": 1},
    ],
)
def test_what_is_no_profile_is_refused(changes: dict[str, object]) -> None:
    values = {"resolution_minutes": 60, "min_days": 1, "relative_load": [[1.0] * DAY] * 2}
    ColdStartProfile.model_validate(values)
    with pytest.raises(ValidationError):
        ColdStartProfile.model_validate(values | changes)
