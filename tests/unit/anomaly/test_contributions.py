"""What each reading adds to the score of its day."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrify.anomaly.contributions import alter_days, contributions
from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.judged_day import days_by_clock

DAY, DAYS = 24, 29
CONTEXT = FeatureContext(DAY * DAYS, DAY, 60, "Europe/London", "GB")
ORDINARY, SPRING, AUTUMN = "2024-02-10T00:00:00", "2024-03-31T23:00:00", "2024-10-28T00:00:00"


def make_batch(origins: list[str], seed: int = 0) -> FeatureBatch:
    windows = np.random.default_rng(seed).lognormal(size=(len(origins), DAY * DAYS)).astype(np.float32)
    return FeatureBatch(windows, np.array(origins, "datetime64[s]"), CONTEXT)


def score(batch: FeatureBatch, power: float) -> np.ndarray:
    """Some score in which readings act on each other."""
    days = np.nan_to_num(days_by_clock(batch)).astype(np.float64)
    return np.abs(days[:, -1] - days[:, :-1].mean(axis=1)).sum(axis=1) ** power + days[:, -1].max(axis=1)


@given(st.integers(0, 1_000), st.floats(0.5, 2))
@pytest.mark.parametrize("origin", [ORDINARY, SPRING, AUTUMN])
def test_they_add_up_to_what_sets_the_day_apart_from_a_usual_one(origin: str, seed: int, power: float) -> None:
    batch = make_batch([origin, ORDINARY], seed)
    altered = alter_days(batch)
    scores = score(altered, power).reshape(2, 2 * DAY)
    np.testing.assert_allclose(scores[:, 0], score(batch, power))
    np.testing.assert_allclose(contributions(scores).sum(axis=1), scores[:, 0] - scores[:, DAY], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("origin", [ORDINARY, SPRING, AUTUMN])
def test_the_usual_day_has_the_means_of_all_clock_times(origin: str) -> None:
    batch = make_batch([origin])
    altered = days_by_clock(alter_days(batch))
    history = altered[0, :-1]
    usual = history.mean(axis=0)
    if origin == SPRING:  # the hour that the clock skips is taken from the one after it
        usual[1] = usual[2]
    np.testing.assert_allclose(altered[DAY, -1], usual, rtol=1e-5)
    np.testing.assert_array_equal(altered[:, :-1], np.broadcast_to(history, altered[:, :-1].shape))


def test_a_spike_is_what_makes_its_day_anomalous() -> None:
    batch = make_batch([ORDINARY])
    batch.windows[:] = 1
    batch.windows[0, -DAY + 7] = 9
    found = contributions(score(alter_days(batch), 1).reshape(1, 2 * DAY))[0]
    assert found.argmax() == 7 and found[7] == pytest.approx(16) and np.delete(found, 7).max() == 0


def test_readings_that_add_up_share_what_they_do() -> None:
    additive = np.array([[0.0] * 2 * DAY])
    values = np.arange(DAY, dtype=float)
    for version in range(1, DAY + 1):
        additive[0, version] = -values[:version].sum()
    for version in range(1, DAY):
        additive[0, DAY + version] = -values[-version:].sum()
    np.testing.assert_allclose(contributions(additive)[0], values)


def test_what_was_never_measured_before_stays() -> None:
    batch = make_batch([ORDINARY])
    batch.windows[0, :-DAY:DAY] = np.nan  # the first hour of all days before
    altered = days_by_clock(alter_days(batch))
    np.testing.assert_array_equal(altered[:, -1, 0], batch.windows[0, -DAY])
