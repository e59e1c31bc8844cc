from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrify.config.schema import QualityConfig
from metrify.readings.imputation import impute
from metrify.readings.matrix import ReadingsMatrix

NAN = float("nan")
WEEK = 7 * 24
CONFIG = QualityConfig(imputation="same_hour", imputation_max_gap_hours=3)
START = pd.Timestamp("2024-01-01", tz="UTC")
WEEKS = 7


def matrix_of(kwh: np.ndarray, start: pd.Timestamp = START, minutes: int = 60) -> ReadingsMatrix:
    names = np.array([f"m{row}" for row in range(len(kwh))], dtype=object)
    return ReadingsMatrix(names, start, minutes, kwh.astype(np.float32))


def weekly(*levels: float) -> np.ndarray:
    """A week at each level, `[1, T]`."""
    return np.repeat(levels, WEEK)[None].astype(np.float32)


def run(kwh: np.ndarray, boundaries=(), timezone: str = "UTC", config: QualityConfig = CONFIG, **how):
    filled, imputed = impute(matrix_of(kwh, **how), list(boundaries), timezone, config)
    return filled.kwh, imputed


def test_a_reading_is_the_mean_of_the_same_hour_of_four_weeks() -> None:
    kwh = weekly(9, 1, 2, 3, 6, 8)
    kwh[0, 5 * WEEK + 30] = NAN
    filled, imputed = run(kwh)
    assert np.flatnonzero(imputed[0]).tolist() == [5 * WEEK + 30]
    assert filled[0, 5 * WEEK + 30] == (1 + 2 + 3 + 6) / 4


def test_weeks_without_a_reading_do_not_count() -> None:
    kwh = weekly(1, 2, 3)
    kwh[0, [30, 2 * WEEK + 30]] = NAN
    assert run(kwh)[0][0, 2 * WEEK + 30] == 2


def test_imputed_readings_are_not_read_again() -> None:
    kwh = weekly(1, 5, 7, 7)
    kwh[0, [2 * WEEK + 30, 3 * WEEK + 30]] = NAN
    filled, _ = run(kwh)
    assert filled[0, 2 * WEEK + 30] == 3
    assert filled[0, 3 * WEEK + 30] == 3  # of weeks 0 and 1, not of the imputed one


def test_without_an_earlier_week_a_gap_stays() -> None:
    kwh = weekly(1, 1)
    kwh[0, 30] = NAN
    filled, imputed = run(kwh)
    assert np.isnan(filled[0, 30])
    assert not imputed.any()


@pytest.mark.parametrize(("minutes", "deepest"), [(60, 3), (30, 6), (15, 12)])
def test_only_the_beginning_of_a_gap_is_filled(minutes: int, deepest: int) -> None:
    per_week = WEEK * 60 // minutes
    kwh = np.ones((1, 2 * per_week), dtype=np.float32)
    kwh[0, per_week + 50 : per_week + 90] = NAN
    _, imputed = run(kwh, minutes=minutes)
    assert np.flatnonzero(imputed[0]).tolist() == [per_week + 50 + depth for depth in range(deepest)]


def test_none_changes_nothing() -> None:
    kwh = weekly(1, 2)
    kwh[0, WEEK + 3] = NAN
    filled, imputed = run(kwh, config=QualityConfig())
    np.testing.assert_array_equal(filled, kwh)
    assert not imputed.any()


@pytest.mark.parametrize(("offset_hours", "value"), [(0, 4.0), (1, NAN), (-8 * 24, 4.0)])
def test_the_other_side_of_a_boundary_is_not_read(offset_hours: int, value: float) -> None:
    kwh = weekly(4, 5)
    kwh[0, WEEK + 30] = NAN
    boundary = START + pd.Timedelta(hours=30 + offset_hours)  # of the hour a week before, or later, or long before
    np.testing.assert_equal(run(kwh, [boundary])[0][0, WEEK + 30], np.float32(value))


def test_a_boundary_within_a_gap() -> None:
    kwh = weekly(4, 5, 6)
    kwh[0, WEEK + 28 : WEEK + 40] = NAN
    _, imputed = run(kwh, [START + pd.Timedelta(hours=WEEK + 29)])
    assert np.flatnonzero(imputed[0]).tolist() == [WEEK + 28]


@pytest.mark.parametrize("change", ["2024-03-31", "2024-10-27"])
def test_the_clock_on_the_wall_counts(change: str) -> None:
    start = (pd.Timestamp(change, tz="Europe/Berlin") - pd.Timedelta(days=10)).tz_convert("UTC")
    stamps = pd.date_range(start, periods=20 * 24, freq="h")
    kwh = stamps.tz_convert("Europe/Berlin").hour.to_numpy(np.float32)[None].copy()
    expected = kwh.copy()
    gaps = np.flatnonzero(stamps.tz_convert("Europe/Berlin") >= pd.Timestamp(f"{change} 04:00", tz="Europe/Berlin"))
    gaps = gaps[:72:5]
    kwh[0, gaps] = NAN
    filled, imputed = run(kwh, timezone="Europe/Berlin", start=start)
    assert np.flatnonzero(imputed[0]).tolist() == gaps.tolist()
    np.testing.assert_array_equal(filled, expected)


def random_readings(seed: int) -> np.ndarray:
    """Three meters over some weeks, with gaps of up to eight hours."""
    generator = np.random.default_rng(seed)
    kwh = generator.gamma(2, 0.3, (3, WEEKS * WEEK)).astype(np.float32)
    for begin in generator.integers(0, kwh.size, 60):
        kwh.reshape(-1)[begin : begin + generator.integers(1, 9)] = NAN
    return kwh


seeds = st.integers(0, 2**32 - 1)
columns = st.integers(0, WEEKS * WEEK - 1)
zones = st.sampled_from(["UTC", "Europe/London"])
starts = st.sampled_from([START, pd.Timestamp("2024-03-01", tz="UTC"), pd.Timestamp("2024-10-01", tz="UTC")])


@given(seeds, zones, starts)
def test_readings_never_change_and_the_mask_is_what_was_filled(seed: int, zone: str, start: pd.Timestamp) -> None:
    kwh = random_readings(seed)
    filled, imputed = run(kwh, timezone=zone, start=start)
    there = np.isfinite(kwh)
    np.testing.assert_array_equal(filled[there], kwh[there])
    np.testing.assert_array_equal(imputed, np.isfinite(filled) & ~there)
    assert imputed.any()


@given(seeds, columns, zones, starts)
def test_what_comes_later_changes_nothing(seed: int, column: int, zone: str, start: pd.Timestamp) -> None:
    kwh, later = random_readings(seed), random_readings(seed + 1)
    changed = np.concatenate([kwh[:, : column + 1], later[:, column + 1 :]], axis=1)
    cut = kwh[:, : column + 1]
    before = run(kwh, timezone=zone, start=start)
    for other in (run(changed, timezone=zone, start=start), run(cut, timezone=zone, start=start)):
        for one, two in zip(before, other, strict=True):
            np.testing.assert_array_equal(one[:, : column + 1], two[:, : column + 1])


@given(seeds, st.lists(columns, min_size=1, max_size=3, unique=True), zones)
def test_another_side_of_a_boundary_changes_nothing(seed: int, cuts: list[int], zone: str) -> None:
    kwh, other = random_readings(seed), random_readings(seed + 1)
    boundaries = [START + pd.Timedelta(hours=cut) for cut in cuts]
    edges = [0, *sorted(cuts), kwh.shape[1]]
    before = run(kwh, boundaries, zone)
    for first, end in pairwise(edges):
        changed = other.copy()
        changed[:, first:end] = kwh[:, first:end]
        for one, two in zip(before, run(changed, boundaries, zone), strict=True):
            np.testing.assert_array_equal(one[:, first:end], two[:, first:end])


@given(seeds, zones)
def test_another_meter_changes_nothing(seed: int, zone: str) -> None:
    kwh, other = random_readings(seed), random_readings(seed + 1)
    changed = np.stack([other[0], kwh[1], other[2]])
    for one, two in zip(run(kwh, timezone=zone), run(changed, timezone=zone), strict=True):
        np.testing.assert_array_equal(one[1], two[1])
