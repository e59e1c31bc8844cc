"""Which windows are filled and completed, from what, and which are not."""

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
    assert done.is_usable[0]
    assert done.reasons[0] == f"{round(history / DAY, 2):g} days of history"
    assert done.history_days[0] == np.float32(history / DAY)
    assert done.measured_share[0] == history / LENGTH


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
        assert (done.reasons == "").all()
        assert (done.measured_share == 1).all()
    beside = complete(window, cut(window, DAY))
    assert beside.windows[0].tobytes() == window.tobytes()


def gap(window: np.ndarray, *columns: int) -> np.ndarray:
    window = window.copy()
    window[list(columns)] = np.nan
    return window


def test_a_gap_becomes_the_mean_of_its_clock_time_and_is_told() -> None:
    window = draw(3)
    for profile in (PROFILE, None):
        done = complete(gap(window, 50, LENGTH - 1), profile=profile)
        others = [np.delete(window[column % DAY :: DAY], column // DAY) for column in (50, LENGTH - 1)]
        np.testing.assert_allclose(done.windows[0, [50, -1]], np.mean(others, axis=1), rtol=1e-6)
        assert done.is_usable[0]
        assert done.reasons[0] == "2 of 168 readings were filled"
        assert (done.history_days[0], done.measured_share[0]) == (7, 166 / 168)


def test_the_gaps_of_a_new_meter_are_filled_before_it_is_completed() -> None:
    window = cut(draw(4), 72)
    done = complete(gap(window, LENGTH - 30))
    assert done.reasons[0] == "3 days of history, 1 of 72 readings were filled"
    mended = window.copy()
    mended[LENGTH - 30] = np.float32(window[[LENGTH - 54, LENGTH - 6]].mean(dtype=np.float64))
    np.testing.assert_array_equal(done.windows[0], complete(mended).windows[0])


def test_where_no_day_shows_a_clock_time_the_profile_does_at_the_meters_level() -> None:
    window = cut(3 * USUAL, 24)  # a rest day
    done = complete(gap(window, LENGTH - 3, LENGTH - 20))
    np.testing.assert_allclose(done.windows[0], 3 * USUAL, rtol=1e-5)
    assert done.reasons[0] == "1 days of history, 2 of 24 readings were filled"
    never = np.flatnonzero(HOUR == 12)
    np.testing.assert_allclose(complete(gap(3 * USUAL, *never)).windows[0], 3 * USUAL, rtol=1e-5)


@settings(max_examples=40)
@given(
    history=st.integers(1, LENGTH),
    seed=seeds,
    share=st.floats(0, 0.7),
    burst=st.integers(0, LENGTH),
    with_profile=st.booleans(),
)
def test_readings_stay_and_usable_windows_are_whole(
    history: int, seed: int, share: float, burst: int, with_profile: bool
) -> None:
    generator = np.random.default_rng(seed)
    windows = np.stack([draw(seed), cut(draw(seed + 1), history), draw(seed + 2)])
    windows[1:, burst : burst + 30] = np.nan
    windows[1:][generator.random((2, LENGTH)) < share] = np.nan
    given_windows = windows.copy()
    done = complete(*windows, profile=PROFILE if with_profile else None)
    np.testing.assert_array_equal(windows, given_windows)
    measured = np.isfinite(windows)
    np.testing.assert_array_equal(done.windows[measured], windows[measured])
    assert np.isfinite(done.windows[done.is_usable]).all()
    assert (done.windows[done.is_usable] > 0).all()  # nothing is filled with 0
    np.testing.assert_array_equal(done.windows[~done.is_usable], windows[~done.is_usable])
    assert done.windows[0].tobytes() == windows[0].tobytes()
    np.testing.assert_array_equal(done.reasons == "", measured.all(axis=1))
    np.testing.assert_array_equal(done.measured_share, measured.mean(axis=1))


HALF = LENGTH // 2


@pytest.mark.parametrize(
    ("window", "reason"),
    [
        (np.full(LENGTH, np.nan), "0 readings up to the origin, at least 24 are needed"),
        (cut(USUAL, 2), "2 readings up to the origin, at least 24 are needed"),
        (gap(cut(USUAL, 23), -1), "22 readings up to the origin, at least 24 are needed"),
        (gap(USUAL, *range(20, 20 + HALF + 1)), "85 of 168 readings are missing"),
        (gap(cut(USUAL, 72), *range(-60, -23)), "37 of 72 readings are missing"),
        (gap(USUAL, *range(-14, -1)), "13 of the last 24 readings are missing"),  # silent, and then a reading
        (cut(0 * USUAL, 48), "its 48 readings are all 0, which tells no level"),
        (gap(cut(0 * USUAL, 48), -1), "its 47 readings are all 0, which tells no level"),
    ],
)
def test_what_can_t_be_completed_says_why(window: np.ndarray, reason: str) -> None:
    done = complete(window)
    assert not done.is_usable[0]
    assert done.reasons[0] == reason
    np.testing.assert_array_equal(done.windows[0], window.astype(np.float32))


def test_half_is_enough() -> None:
    assert complete(gap(USUAL, *range(20, 20 + HALF)), gap(USUAL, *range(-12, 0))).is_usable.all()


def test_a_meter_that_uses_nothing_is_filled_with_that() -> None:
    done = complete(gap(0 * USUAL, 50))
    assert done.is_usable[0]
    assert not done.windows.any()


@pytest.mark.parametrize("profile", [None, PROFILE.model_copy(update={"min_days": 7})])
def test_no_new_meter_is_usable_without_a_profile_or_where_it_takes_a_whole_window(profile) -> None:
    done = complete(cut(USUAL, 100), USUAL, gap(cut(USUAL, 167), 50), gap(USUAL, 50), profile=profile)
    assert done.is_usable.tolist() == [False, True, False, True]
    assert done.reasons[[0, 2]].tolist() == ["68 of 168 readings are missing", "2 of 168 readings are missing"]


def test_without_a_profile_each_clock_time_must_have_been_seen() -> None:
    done = complete(gap(USUAL, *np.flatnonzero(HOUR == 12)), profile=None)
    assert not done.is_usable[0]
    assert done.reasons[0] == "some times of the day were never measured"


def test_a_longer_minimum_is_kept_to() -> None:
    three = PROFILE.model_copy(update={"min_days": 3})
    done = complete(cut(USUAL, 72), cut(USUAL, 71), profile=three)
    assert done.is_usable.tolist() == [True, False]


def test_no_windows_are_no_windows() -> None:
    empty = FeatureBatch(np.empty((0, LENGTH), np.float32), np.empty(0, "datetime64[s]"), CONTEXT)
    assert complete_windows(empty, PROFILE).windows.shape == (0, LENGTH)
