from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrify.config.schema import DriftConfig
from metrify.drift.detector import DriftDetector, calibrate
from metrify.drift.features import DRIFT_FEATURES, drift_features

DAY = 24
METERS = 60
REPLAYS = 200  # the smallest p-value, 1/201, times five features lies below 0.05
CONFIG = DriftConfig(calibration_replays=REPLAYS)
Draw = Callable[..., np.ndarray]


def moved_together(windows: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A cold or a warm week: all meters' last seven days change by one factor."""
    windows[:, -7 * DAY :] *= np.float32(generator.lognormal(0, 0.1))
    return windows


@pytest.fixture(scope="module")
def week(draw_windows: Draw) -> Callable[..., pd.DataFrame]:
    """Draws the rows of one unchanged week."""

    def draw(generator: np.random.Generator, count: int = METERS) -> pd.DataFrame:
        return drift_features(moved_together(draw_windows(count, generator), generator), DAY)

    return draw


@pytest.fixture(scope="module")
def reference(week: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    return pd.concat([week(np.random.default_rng(seed), 30) for seed in range(20)], ignore_index=True)


@pytest.fixture(scope="module")
def detector(reference: pd.DataFrame, week: Callable[..., pd.DataFrame]) -> DriftDetector:
    return DriftDetector(reference, calibrate(reference, week, CONFIG, 0), CONFIG.p_value, CONFIG.min_meters)


def test_unchanged_weeks_raise_few_alarms(detector: DriftDetector, week: Callable[..., pd.DataFrame]) -> None:
    verdicts = [detector.check(week(np.random.default_rng(seed))) for seed in range(1_000, 1_040)]
    assert sum(verdict.drifted for verdict in verdicts) <= 4


def test_a_strong_shift_raises_an_alarm_that_names_its_feature(detector: DriftDetector, draw_windows: Draw) -> None:
    windows = draw_windows(METERS, np.random.default_rng(7))
    windows[:, -7 * DAY :] *= 3
    verdict = detector.check(drift_features(windows, DAY))
    assert verdict.drifted
    assert verdict.rows == METERS
    assert min(verdict.p_values, key=verdict.p_values.get) == "change_log_mean"
    assert verdict.p_values["change_load_factor"] > CONFIG.p_value


def test_energy_that_moves_into_the_night_raises_an_alarm(detector: DriftDetector, draw_windows: Draw) -> None:
    windows = draw_windows(METERS, np.random.default_rng(7))
    last = windows[:, -7 * DAY :].reshape(METERS, 7, DAY)
    last[:, :, :6] += 2 * last.mean(axis=(1, 2), keepdims=True)
    verdict = detector.check(drift_features(windows, DAY))
    assert verdict.drifted
    assert verdict.p_values["change_night_share"] == pytest.approx(1 / (REPLAYS + 1))


def test_no_p_value_lies_below_what_the_replays_can_show(detector: DriftDetector, draw_windows: Draw) -> None:
    for factor in (0.01, 1, 100):
        windows = draw_windows(METERS, np.random.default_rng(3))
        windows[:, -7 * DAY :] *= np.float32(factor)
        verdict = detector.check(drift_features(windows, DAY))
        assert min(verdict.p_values.values()) >= 1 / (REPLAYS + 1)
        assert verdict.p_value == pytest.approx(min(1, min(verdict.p_values.values()) * len(DRIFT_FEATURES)))


def test_there_is_no_verdict_below_the_smallest_sample(
    detector: DriftDetector, week: Callable[..., pd.DataFrame]
) -> None:
    sample = week(np.random.default_rng(5))
    assert detector.check(sample.iloc[: CONFIG.min_meters - 1]) is None
    assert detector.check(sample.iloc[:0]) is None
    assert detector.check(sample.iloc[: CONFIG.min_meters]).rows == CONFIG.min_meters


def test_a_column_is_known_by_its_name(detector: DriftDetector, week: Callable[..., pd.DataFrame]) -> None:
    sample = week(np.random.default_rng(5))
    assert detector.check(sample[sample.columns[::-1]].assign(more=0.0)) == detector.check(sample)


def test_calibration_is_seeded(reference: pd.DataFrame, week: Callable[..., pd.DataFrame]) -> None:
    config = DriftConfig(calibration_replays=19)
    one, same, other = (calibrate(reference, week, config, seed) for seed in (0, 0, 1))
    assert one == same
    assert one != other
    assert list(one) == list(DRIFT_FEATURES)
    assert {len(distances) for distances in one.values()} == {19}


@given(st.floats(0.01, 0.99), st.integers(1, 50))
def test_the_rank_counts_the_replays_that_were_as_far(share: float, replays: int) -> None:
    reference = pd.DataFrame({"x": np.arange(1_000.0)})
    sample = pd.DataFrame({"x": np.arange(0, 1_000.0, 20)})  # unchanged: the plain test alone would give p near 1
    as_far = round(share * replays)
    detector = DriftDetector(reference, {"x": [1.0] * as_far + [0.0] * (replays - as_far)}, 0.05, 2)
    plain = DriftDetector(reference, {"x": []}, 0.05, 2).check(sample).p_value
    assert detector.check(sample).p_value == pytest.approx(max(plain, (1 + as_far) / (1 + replays)))
