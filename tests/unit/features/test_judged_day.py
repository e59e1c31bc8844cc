"""What is read of the last day of a window, beside the days before it."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrify.errors import ConfigError
from metrify.features.batch import FeatureBatch
from metrify.features.day_deviation import day_deviation
from metrify.features.day_kernels.deviation import LARGEST_DEVIATION
from metrify.features.day_levels import LEVEL_COLUMNS, day_levels
from metrify.features.day_peaks import PEAK_COLUMNS, day_peaks
from metrify.features.day_runs import RUN_COLUMNS, day_runs
from metrify.features.day_shape import SHAPE_COLUMNS, day_shape
from metrify.features.specification import DAY_FEATURES, FEATURES

from .loads import context_of

HISTORY_DAYS = 28
KERNELS = (day_deviation, day_runs, day_levels, day_shape, day_peaks)


def batch_of(days: np.ndarray, resolution_minutes: int = 60) -> FeatureBatch:
    """Windows of days `[N, D, T]`."""
    windows = days.reshape(len(days), -1).astype(np.float32)
    origins = np.full(len(days), np.datetime64("2024-01-10", "s"))
    return FeatureBatch(windows, origins, context_of(resolution_minutes, windows.shape[1]))


def draw_days(seed: int, rows: int = 3, day: int = 24) -> np.ndarray:
    """Days with a morning and an evening, noise and a standby load."""
    rng = np.random.default_rng(seed)
    hours = np.arange(day) * 24 / day
    profile = 0.1 + np.exp(-((hours - 8) ** 2) / 4) + 2 * np.exp(-((hours - 19) ** 2) / 6)
    return profile * rng.lognormal(sigma=0.3, size=(rows, HISTORY_DAYS + 1, day))


def column(values: np.ndarray, names: tuple[str, ...], name: str) -> np.ndarray:
    return values[:, names.index(name)]


@given(seed=st.integers(0, 2**32 - 1), missing=st.sampled_from([0.0, 0.1, 0.9, 1.0]))
@settings(max_examples=20)
def test_all_are_finite_whatever_is_missing(seed: int, missing: float) -> None:
    days = draw_days(seed)
    days[np.random.default_rng(seed).random(days.shape) < missing] = np.nan
    days[0], days[1, -1] = 0, -days[1, -1]
    for kernel in KERNELS:
        assert np.isfinite(kernel(batch_of(days))).all()


@pytest.mark.parametrize("kernel", KERNELS[:4])
def test_a_meter_of_twice_the_size_has_the_same_evidence(kernel: object) -> None:
    days = draw_days(1)
    np.testing.assert_allclose(kernel(batch_of(2 * days)), kernel(batch_of(days)), rtol=1e-3, atol=1e-4)  # type: ignore[operator]


@pytest.mark.parametrize("name", DAY_FEATURES)
def test_the_specification_has_each_of_them(name: str) -> None:
    feature = next(feature for feature in FEATURES if feature.name == name)
    assert feature.function(batch_of(draw_days(0))).shape[0] == 3


def test_deviations_are_in_standard_deviations_of_the_days_before() -> None:
    days = draw_days(2)
    before, day = days[:, :-1], days[:, -1]
    variance = (before.var(axis=1) + before.var(axis=1).mean(axis=1, keepdims=True)) / 2
    expected = (day - before.mean(axis=1)) / np.sqrt(variance)
    clipped = np.clip(expected, -LARGEST_DEVIATION, LARGEST_DEVIATION)
    np.testing.assert_allclose(day_deviation(batch_of(days)), clipped, rtol=1e-3, atol=1e-4)


def test_a_run_counts_from_where_it_begins_on_the_day_before() -> None:
    days = draw_days(3)
    days[0, -2, 20:], days[0, -1, :3] = 0.5, 0.5
    days[1, -2, 22:], days[1, -1, :4] = 0, 0
    runs = day_runs(batch_of(days))
    assert column(runs, RUN_COLUMNS, "longest_flat_hours")[0] == 7
    assert column(runs, RUN_COLUMNS, "longest_zero_hours")[1] == 6
    assert column(runs, RUN_COLUMNS, "usual_longest_zero_hours")[1] == 2


def test_runs_are_in_hours_at_any_resolution() -> None:
    days = draw_days(3, day=48)
    days[:, -1, 10:20] = 0.25
    assert column(day_runs(batch_of(days, 30)), RUN_COLUMNS, "longest_flat_hours").tolist() == [5, 5, 5]


def test_missing_and_negative_readings_are_told_by_their_share() -> None:
    days = draw_days(4)
    days[0, -1, :6], days[1, -1, :12] = np.nan, -1
    runs = day_runs(batch_of(days))
    assert column(runs, RUN_COLUMNS, "missing_share").tolist() == [0.25, 0, 0]
    assert column(runs, RUN_COLUMNS, "negative_share").tolist() == [0, 0.5, 0]


def test_a_share_of_the_load_that_is_left_out_lowers_all_quantiles_by_it() -> None:
    days = np.repeat(draw_days(5)[:, :1], HISTORY_DAYS + 1, axis=1)
    days[:, -3:] *= 0.6
    levels = day_levels(batch_of(days))
    for statistic in ("mean", "q10", "q50", "q100"):
        ratio = column(levels, LEVEL_COLUMNS, f"{statistic}_log_ratio_3d")
        np.testing.assert_allclose(ratio, np.log(0.6), atol=0.1)
        assert (column(levels, LEVEL_COLUMNS, f"{statistic}_z_3d") < -10).all()


def test_a_day_that_is_less_than_half_measured_has_no_level() -> None:
    days = draw_days(6)
    days[:, -1, 2:] = np.nan
    levels = day_levels(batch_of(days))
    assert not column(levels, LEVEL_COLUMNS, "mean_log_ratio_1d").any()
    assert column(levels, LEVEL_COLUMNS, "mean_log_ratio_3d").all()


@pytest.mark.parametrize("hours", [-5, -1, 0, 2, 6])
@pytest.mark.parametrize("resolution_minutes", [30, 60])
def test_a_moved_profile_tells_by_how_many_hours(hours: int, resolution_minutes: int) -> None:
    per_hour = 60 // resolution_minutes
    days = draw_days(7, day=24 * per_hour)
    days[:, -7:] = np.roll(days[:, -7:], hours * per_hour, axis=2)
    shape = day_shape(batch_of(days, resolution_minutes))
    assert column(shape, SHAPE_COLUMNS, "moved_hours_7d").round().tolist() == [hours] * 3
    assert (column(shape, SHAPE_COLUMNS, "moved_correlation_7d") > 0.9).all()


def test_a_spike_stands_out_from_clock_time_history_and_neighbours() -> None:
    days = draw_days(8)
    days[1, -1, 3] = 20
    peaks = day_peaks(batch_of(days))
    for name in PEAK_COLUMNS[:5]:
        assert column(peaks, PEAK_COLUMNS, name).argmax() == 1
    assert column(peaks, PEAK_COLUMNS, "day_share")[1] == 3 / 24


def test_windows_that_are_no_whole_days_are_refused() -> None:
    with pytest.raises(ConfigError, match="15 or more whole days"):
        day_runs(batch_of(draw_days(0)[:, :14]))


def _gappy(resolution_minutes: int) -> np.ndarray:
    day = 24 * 60 // resolution_minutes
    days = draw_days(resolution_minutes, 6, day).astype(np.float32)
    days[np.random.default_rng(0).random(days.shape) < 0.1] = np.nan
    days[1, -4, : day // 2 + 3] = np.nan  # too little of a day to count
    days[2, -1] = np.nan
    days[3, -2:] = 0
    return days


@pytest.mark.parametrize("resolution_minutes", [60, 30, 15])
def test_levels_are_those_of_their_definition(resolution_minutes: int) -> None:
    days = _gappy(resolution_minutes).astype(np.float64)
    levels = day_levels(batch_of(days, resolution_minutes))
    measured = np.isfinite(days).sum(axis=2)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        quantiles = np.nanquantile(days, [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1], axis=2)
        statistics = np.concatenate([np.nanmean(days, axis=2)[None], quantiles])
        statistics[:, measured < days.shape[2] / 2] = np.nan
        floor = np.maximum(0.02 * np.nanmean(np.abs(statistics[0, :, :-1]), axis=1), 1e-3)
        logs = np.log(np.maximum(statistics, 0) + floor[None, :, None])
        for place, span in enumerate((1, 3, 7, 14)):
            late, early = logs[..., -span:], logs[..., :-span]
            difference = np.nanmean(late, axis=2) - np.nanmean(early, axis=2)
            count = np.isfinite(late).sum(axis=2)
            z = difference / (np.nanstd(early, axis=2) + 0.02) * np.sqrt(count)
            expected = np.stack([difference, np.clip(z, -30, 30)], axis=2)
            expected = np.where(count[..., None] > 0, expected, 0).transpose(1, 0, 2).reshape(len(days), 16)
            np.testing.assert_allclose(levels[:, 16 * place : 16 * (place + 1)], expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("resolution_minutes", [60, 30, 15])
def test_shapes_are_those_of_their_definition(resolution_minutes: int) -> None:
    days = _gappy(resolution_minutes).astype(np.float64)
    shapes, per_hour = day_shape(batch_of(days, resolution_minutes)), 60 // resolution_minutes
    steps = np.arange(-6 * per_hour, 6 * per_hour + 1)
    for row in range(len(days)):
        roots = np.sqrt(np.maximum(days[row], 0))
        for place, span in enumerate((1, 3, 7)):
            recent, before = (_profile(part) for part in (roots[-span:], roots[:-span]))
            agreements = np.array([(np.roll(recent, -step) * before).sum() for step in steps])
            unit = np.sqrt((recent**2).sum() * (before**2).sum())
            still = agreements[6 * per_hour]
            best = agreements.max()
            moved = 0 if best <= still else steps[agreements.argmax()] / per_hour
            expected = np.array([still, best, 0, best - still]) / (unit if unit > 0 else np.inf)
            expected[2] = moved
            np.testing.assert_allclose(shapes[row, 4 * place : 4 * (place + 1)], expected, rtol=1e-4, atol=1e-5)


def _profile(roots: np.ndarray) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mean = np.nanmean(roots, axis=0)
        return np.nan_to_num(mean - np.nanmean(mean))
