"""The kernels against the plainest computation there is: one window at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from metrify.features.rolling_kernels import fill_rolling_statistics

PLAIN = {"mean": np.mean, "std": np.std, "min": np.min, "max": np.max}

readings = st.floats(-1e4, 1e4, width=32) | st.just(float("nan"))
series_of_readings = arrays.arrays(
    np.float32, st.tuples(st.integers(1, 3), st.integers(1, 30)), elements=readings, fill=st.nothing()
)


def in_one_go(series: np.ndarray, window: int, least: int, first: int, last: int) -> dict[str, np.ndarray]:
    out = {statistic: np.full((len(series), last - first + 1), -7, dtype=np.float32) for statistic in PLAIN}
    fill_rolling_statistics(series, window, least, first, *out.values())
    return out


def one_by_one(statistic: str, series: np.ndarray, window: int, least: int, first: int, last: int) -> np.ndarray:
    out = np.full((len(series), last - first + 1), np.nan)
    for row, origin in np.ndindex(len(series), last - first + 1):
        past = series[row, max(0, first + origin - window) : first + origin].astype(np.float64)
        present = past[~np.isnan(past)]
        if len(present) >= least:
            out[row, origin] = PLAIN[statistic](present)
    return out.astype(np.float32)


@given(series=series_of_readings, data=st.data())
@settings(max_examples=300)
def test_each_window_is_as_if_computed_alone(series: np.ndarray, data: st.DataObject) -> None:
    window = data.draw(st.integers(1, 12))
    least = data.draw(st.integers(1, window))
    last = data.draw(st.integers(0, series.shape[1]))
    first = data.draw(st.integers(0, last))
    for statistic, values in in_one_go(series, window, least, first, last).items():
        expected = one_by_one(statistic, series, window, least, first, last)
        # A mean of readings that cancel out, and the spread of readings far from 0, are as exact as the readings.
        np.testing.assert_allclose(values, expected, rtol=1e-6, atol=1e-9, err_msg=statistic)


@pytest.mark.parametrize("level", [0.0, 1e4, -1e4])
def test_a_small_spread_is_exact_at_any_level(level: float) -> None:
    wobble = np.random.default_rng(0).normal(0, 1e-2, (1, 2_000))
    series = (level + wobble).astype(np.float32)
    series[0, 700] = 1e6  # what left the window must leave nothing behind
    spread = in_one_go(series, 168, 84, 0, 2_000)["std"]
    np.testing.assert_allclose(spread, one_by_one("std", series, 168, 84, 0, 2_000), rtol=2e-7)


@pytest.mark.parametrize("value", [0.0, 0.1, 12_345.678])
def test_equal_readings_have_no_spread_at_all(value: float) -> None:
    series = np.full((1, 100), value, dtype=np.float32)
    series[0, [3, 50, 51]] = np.nan
    out = in_one_go(series, 24, 12, 11, 100)
    assert np.isnan(out["std"][0, :2]).all()  # ten and eleven readings
    assert (out["std"][0, 2:] == 0).all()
    assert (out["mean"][0, 2:] == np.float32(value)).all()
