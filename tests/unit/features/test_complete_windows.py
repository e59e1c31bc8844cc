"""Which windows are completed, from what, and which are not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.cold_start import ColdStartProfile
from metrify.features.complete_windows import CompletedWindows, complete_windows

DAY, LENGTH = 24, 7 * 24
CONTEXT = FeatureContext(LENGTH, DAY, 60, "Europe/Berlin", "DE")
MONDAY = np.datetime64("2024-01-21T23:00", "s")
HOUR = np.arange(LENGTH) % DAY
SHAPE = 1 + 0.5 * np.sin(2 * np.pi * np.arange(DAY) / DAY)
PROFILE = ColdStartProfile(
    resolution_minutes=60, min_days=1, relative_load=(tuple(SHAPE.tolist()), tuple((2 * SHAPE).tolist()))
)
USUAL = SHAPE[HOUR] * np.where(np.arange(LENGTH) // DAY >= 5, 2, 1)  # the days before a Monday: rest days are the last

histories = st.integers(DAY, LENGTH - 1)
seeds = st.integers(0, 1_000)


def complete(*windows: np.ndarray, profile: ColdStartProfile | None = PROFILE) -> CompletedWindows:
    stacked = np.stack(windows).astype(np.float32)
    return complete_windows(FeatureBatch(stacked, np.repeat(MONDAY, len(stacked)), CONTEXT), profile)


def draw(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).gamma(2, 0.5, LENGTH).astype(np.float32) + np.float32(0.01)


def cut(window: np.ndarray, history: int) -> np.ndarray:
    """The window of a meter that began `history` intervals before the origin."""
    return np.where(np.arange(LENGTH) < LENGTH - history, np.nan, window)


@settings(max_examples=20)
@given(history=histories, level=st.floats(0.01, 50))
def test_a_meter_like_the_profile_is_completed_to_its_own_week(history: int, level: float) -> None:
    done = complete(cut(level * USUAL, history))
    np.testing.assert_allclose(done.windows[0], level * USUAL, rtol=1e-5)
    assert (done.is_usable[0], done.is_completed[0]) == (True, True)
    assert done.history_days[0] == np.float32(history / DAY)


@settings(max_examples=20)
@given(history=histories, seed=seeds, power=st.integers(-6, 6))
def test_twice_the_load_is_twice_the_window(history: int, seed: int, power: int) -> None:
    window = cut(draw(seed), history)
    once, more = complete(window).windows, complete(window * np.float32(2.0**power)).windows
    np.testing.assert_array_equal(more, once * np.float32(2.0**power))


@settings(max_examples=20)
@given(history=histories, seed=seeds)
def test_readings_stay_and_other_meters_don_t_matter(history: int, seed: int) -> None:
    window = cut(draw(seed), history)
    alone = complete(window).windows[0]
    np.testing.assert_array_equal(alone[-history:], window[-history:])
    assert np.isfinite(alone).all()
    beside = complete(draw(seed + 1), window, cut(draw(seed + 2), DAY), np.full(LENGTH, np.nan))
    np.testing.assert_array_equal(beside.windows[1], alone)


@settings(max_examples=20)
@given(history=histories, seed=seeds)
def test_each_reading_goes_back_an_hour_later_every_time(history: int, seed: int) -> None:
    window = cut(draw(seed), history)
    done = complete(window).windows[0]
    first = LENGTH - history
    for column in range(first):
        rounds = -(-(first - column) // history)
        place = (column - first) % history
        source = first + (place + rounds) % history
        expected = window[source] / USUAL[source] * USUAL[column]
        assert done[column] == pytest.approx(expected, rel=1e-5)


@settings(max_examples=20)
@given(seed=seeds)
def test_whole_windows_are_left_alone(seed: int) -> None:
    window = draw(seed)
    for profile in (PROFILE, None):
        done = complete(window, 0 * window, profile=profile)
        assert done.windows.tobytes() == np.stack([window, 0 * window]).astype(np.float32).tobytes()
        assert done.is_usable.all()
        assert not done.is_completed.any()
    beside = complete(window, cut(window, DAY))
    assert beside.windows[0].tobytes() == window.tobytes()


def gap(window: np.ndarray, *columns: int) -> np.ndarray:
    window = window.copy()
    window[list(columns)] = np.nan
    return window


@pytest.mark.parametrize(
    ("window", "reason"),
    [
        (np.full(LENGTH, np.nan), "0 readings up to the origin, at least 24 are needed"),
        (cut(USUAL, 2), "2 readings up to the origin, at least 24 are needed"),
        (gap(cut(USUAL, 23), -1), "22 readings up to the origin, at least 24 are needed"),
        (gap(USUAL, 50, 51), "2 of 168 readings are missing"),
        (gap(cut(USUAL, 72), -1), "1 of 72 readings are missing"),  # the newest one
        (cut(0 * USUAL, 48), "its 48 readings are all 0, which tells no level"),
    ],
)
def test_what_can_t_be_completed_says_why(window: np.ndarray, reason: str) -> None:
    done = complete(window)
    assert not done.is_usable[0]
    assert not done.is_completed[0]
    assert done.reasons[0] == reason
    np.testing.assert_array_equal(done.windows[0], window.astype(np.float32))


@pytest.mark.parametrize("profile", [None, PROFILE.model_copy(update={"min_days": 7})])
def test_only_whole_windows_are_usable_without_a_profile_or_where_it_takes_a_whole_one(profile) -> None:
    done = complete(cut(USUAL, 100), USUAL, profile=profile)
    assert done.is_usable.tolist() == [False, True]
    assert done.reasons[0] == "68 of 168 readings are missing"


def test_a_longer_minimum_is_kept_to() -> None:
    three = PROFILE.model_copy(update={"min_days": 3})
    done = complete(cut(USUAL, 72), cut(USUAL, 71), profile=three)
    assert done.is_completed.tolist() == [True, False]


def test_no_windows_are_no_windows() -> None:
    empty = FeatureBatch(np.empty((0, LENGTH), np.float32), np.empty(0, "datetime64[s]"), CONTEXT)
    assert complete_windows(empty, PROFILE).windows.shape == (0, LENGTH)
