"""Lags and rolling statistics of single windows, and when they are refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrify.errors import ConfigError
from metrify.features.batch import FeatureBatch
from metrify.features.load_statistics import LOAD_STATISTICS, LoadStatistic

from .loads import context_of, draw_matrix

PER_HOUR = {15: 4, 30: 2, 60: 1}
BY_NAME = {statistic.name: statistic for statistic in LOAD_STATISTICS}


def batch_of(windows: np.ndarray, resolution_minutes: int = 60) -> FeatureBatch:
    origins = np.full(len(windows), np.datetime64("2024-04-10", "s"))
    return FeatureBatch(windows, origins, context_of(resolution_minutes, windows.shape[1]))


@pytest.mark.parametrize("resolution_minutes", PER_HOUR)
@given(seed=st.integers(0, 2**32 - 1), missing=st.sampled_from([0.0, 0.3, 0.6]))
@settings(max_examples=15)
def test_values_are_those_of_numpy(resolution_minutes: int, seed: int, missing: float) -> None:
    per_hour = PER_HOUR[resolution_minutes]
    windows = draw_matrix(5, 340 * per_hour, seed, missing).kwh
    batch = batch_of(windows, resolution_minutes)
    for hours in (1, 2, 3, 24, 48, 168, 336):
        np.testing.assert_array_equal(BY_NAME[f"lag_{hours}h"](batch), windows[:, -hours * per_hour])
    for hours in (24, 168):
        for row, past in enumerate(windows[:, -hours * per_hour :].astype(np.float64)):
            present = past[~np.isnan(past)]
            enough = len(present) >= len(past) / 2
            for statistic, function in (("mean", np.mean), ("std", np.std), ("min", np.min), ("max", np.max)):
                expected = function(present) if enough else np.nan
                values = BY_NAME[f"rolling_{statistic}_{hours}h"](batch)
                np.testing.assert_allclose(values[row], expected, rtol=1e-6)


def test_names_say_what_and_how_far_back() -> None:
    assert list(BY_NAME) == [
        *(f"lag_{hours}h" for hours in (1, 2, 3, 24, 48, 168, 336)),
        *(f"rolling_{what}_{hours}h" for hours in (24, 168) for what in ("mean", "std", "min", "max")),
    ]


@pytest.mark.parametrize("statistic", LOAD_STATISTICS, ids=lambda statistic: statistic.name)
def test_a_window_that_is_too_short_is_refused_by_name_with_both_lengths(statistic: LoadStatistic) -> None:
    needed = 2 * statistic.source.hours
    assert statistic(batch_of(np.ones((1, needed), np.float32), 30)).shape == (1,)
    short = batch_of(np.ones((1, needed - 1), np.float32), 30)
    with pytest.raises(ConfigError, match=f"{statistic.name} needs {needed} intervals .* there are {needed - 1}"):
        statistic(short)


@pytest.mark.parametrize(
    ("name", "hours", "minutes"),
    [("lag_1h", 1, 45), ("lag_2h", 2, 50), ("rolling_max_24h", 24, 25), ("rolling_std_168h", 168, 11)],
)
def test_a_resolution_that_does_not_divide_the_hours_is_refused_by_name(name: str, hours: int, minutes: int) -> None:
    with pytest.raises(ConfigError, match=f"{name} looks back {hours} h, .* of {minutes} minutes"):
        BY_NAME[name](batch_of(np.ones((1, 2_000), np.float32), minutes))


def test_windows_in_another_precision_or_layout_are_taken() -> None:
    windows = draw_matrix(4, 400, 7).kwh
    plain = BY_NAME["rolling_mean_24h"](batch_of(windows))
    for same in (windows.astype(np.float64), np.asfortranarray(windows), np.broadcast_to(windows, windows.shape)):
        np.testing.assert_array_equal(BY_NAME["rolling_mean_24h"](batch_of(same)), plain)


def test_no_row_is_no_error() -> None:
    batch = batch_of(np.empty((0, 336), np.float32))
    assert {statistic(batch).shape for statistic in LOAD_STATISTICS} == {(0,)}
