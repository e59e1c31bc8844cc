"""Scores of windows that are cut to a few days."""

from dataclasses import replace

import numpy as np
import pytest

from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.cold_start import ColdStartProfile
from metrify.forecasting.evaluation.cold_start import score_cold_starts
from metrify.readings.known import KnownWeather

DAY, LENGTH, LEVELS = 24, 7 * 24, (0.1, 0.5, 0.9)
FLAT = ColdStartProfile(resolution_minutes=60, min_days=1, relative_load=((1.0,) * DAY,) * 2)
FACTORS = np.array([0.5, 1.0, 1.5])


def batch(windows: np.ndarray) -> FeatureBatch:
    context = FeatureContext(LENGTH, DAY, 60, "Europe/Berlin", "DE")
    return FeatureBatch(
        windows.astype(np.float32), np.repeat(np.datetime64("2024-01-21T23:00", "s"), len(windows)), context
    )


def mean_of_the_window(given: FeatureBatch) -> np.ndarray:
    assert np.isfinite(given.windows).all()
    return np.repeat(given.windows.mean(axis=1)[:, None, None], DAY, axis=1) * FACTORS


def test_the_model_sees_the_last_days_alone() -> None:
    windows = np.full((3, LENGTH), 5.0)
    windows[:, -3 * DAY :] = 2.0
    windows[:, -DAY:] = 1.0
    scores = score_cold_starts(mean_of_the_window, batch(windows), np.ones((3, DAY)), LEVELS, FLAT)
    whole = (4 * 5 + 2 * 2 + 1) / 7
    assert scores == pytest.approx(
        {
            "cold_start_rows": 3,
            "wape_cold_start_1d": 0,
            "coverage_cold_start_1d": 1,
            "wape_cold_start_3d": (240 + 26) / LENGTH
            - 1,  # two rounds of 2, 2 and 1, and a day that moved by two hours
            "coverage_cold_start_3d": 1,
            "wape_cold_start_whole": whole - 1,
            "coverage_cold_start_whole": 0,
            "wape_cold_start_yesterday": 0,
        },
        abs=1e-6,
    )


def test_rows_that_can_t_be_completed_count_nowhere() -> None:
    windows = np.ones((2, LENGTH))
    windows[1, -DAY:] = 0
    actual = np.stack([np.full(DAY, 2.0), np.full(DAY, 9.0)])
    scores = score_cold_starts(mean_of_the_window, batch(windows), actual, LEVELS, FLAT)
    assert scores["cold_start_rows"] == 1
    assert scores["wape_cold_start_whole"] == pytest.approx(0.5)
    assert score_cold_starts(mean_of_the_window, batch(0 * windows), actual, LEVELS, FLAT) == {"cold_start_rows": 0}


def test_histories_that_the_profile_does_not_take_are_left_out() -> None:
    three = FLAT.model_copy(update={"min_days": 3})
    scores = score_cold_starts(mean_of_the_window, batch(np.ones((2, LENGTH))), np.ones((2, DAY)), LEVELS, three)
    assert {name for name in scores if name.startswith("wape")} == {
        "wape_cold_start_3d",
        "wape_cold_start_whole",
        "wape_cold_start_yesterday",
    }
    never = FLAT.model_copy(update={"min_days": 7})
    assert score_cold_starts(mean_of_the_window, batch(np.ones((2, LENGTH))), np.ones((2, DAY)), LEVELS, never) == {
        "cold_start_rows": 0
    }


def test_each_row_keeps_its_own_weather() -> None:
    windows = np.ones((3, LENGTH))
    windows[0, -DAY:] = 0  # tells no level, so the first row counts nowhere
    degrees = np.arange(3, dtype=np.float32)[:, None, None]
    issued = np.full((3, DAY), np.datetime64("2024-01-21T23:00", "us"))
    known = KnownWeather(("temperature_c",), np.repeat(degrees, LENGTH, 1), np.repeat(degrees, DAY, 1), issued)

    def warm(given: FeatureBatch) -> np.ndarray:
        return given.weather.forecast * FACTORS

    actual = np.repeat(degrees[..., 0], DAY, axis=1)
    scores = score_cold_starts(warm, replace(batch(windows), weather=known), actual, LEVELS, FLAT)
    assert scores["cold_start_rows"] == 2
    assert {value for name, value in scores.items() if name.startswith("wape") and "yesterday" not in name} == {0}
