"""A week is unusual for its meter, or it is not: whatever the size, and whatever is missing."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from metrify.readings.matrix import ReadingsMatrix
from metrify.steps.usual_weeks import unusual_weeks, weeks_before

DAY, WEEKS = 4, 6
LOAD = np.tile([0.2, 0.4, 1.0, 0.4], 7)


def judge(newest: np.ndarray, earlier: np.ndarray) -> tuple[bool, bool]:
    unusual, judged = unusual_weeks(newest[None], earlier[None], DAY)
    return bool(unusual[0]), bool(judged[0])


def usual(noise: float = 0.05) -> np.ndarray:
    return LOAD * np.random.default_rng(0).normal(1, noise, (WEEKS, len(LOAD)))


@pytest.mark.parametrize("size", [0.01, 1, 300])
@pytest.mark.parametrize(
    ("newest", "unusual"),
    [
        (LOAD, False),
        (1.15 * LOAD, False),
        (2 * LOAD, True),
        (0.5 * LOAD, True),
        (0 * LOAD, True),
        (-LOAD, True),
        (np.roll(LOAD, 1), True),
    ],
)
def test_a_change_of_level_or_form_is_unusual_for_meters_of_any_size(
    size: float, newest: np.ndarray, unusual: bool
) -> None:
    assert judge(size * newest, size * usual()) == (unusual, True)


def test_what_happened_before_is_usual() -> None:
    earlier = usual()
    earlier[2] *= 2
    assert judge(2 * LOAD, earlier) == (False, True)


@pytest.mark.parametrize(("weeks", "judged"), [(2, False), (3, True)])
def test_few_weeks_are_no_reference(weeks: int, judged: bool) -> None:
    earlier = usual()
    earlier[weeks:] = np.nan
    assert judge(2 * LOAD, earlier) == (judged, judged)


def test_a_week_that_is_mostly_missing_is_not_judged() -> None:
    newest = 2 * LOAD
    newest[: len(LOAD) // 2 + 1] = np.nan
    assert judge(newest, usual()) == (False, False)


@given(arrays(np.float32, (3, 1 + WEEKS, 2 * DAY), elements=st.one_of(st.just(np.nan), st.floats(-5, 5, width=32))))
def test_nothing_that_is_missing_warns_or_is_judged_unusual(weeks: np.ndarray) -> None:
    unusual, judged = unusual_weeks(weeks[:, 0], weeks[:, 1:], DAY)
    assert not (unusual & ~judged).any()
    assert not judged[np.isnan(weeks[:, 0]).all(axis=1)].any()


@pytest.mark.parametrize("shape", [(0, 2 * DAY), (2, 0)])
def test_no_meter_and_no_day_are_not_judged(shape: tuple[int, int]) -> None:
    newest = np.ones(shape)
    unusual, judged = unusual_weeks(newest, np.ones((shape[0], WEEKS, shape[1])), DAY)
    assert not unusual.any() and not judged.any()


def test_the_weeks_before_end_at_the_same_local_time() -> None:
    start = pd.Timestamp("2024-03-01", tz="Europe/Berlin").tz_convert("UTC")
    kwh = np.arange(60 * 24, dtype=np.float32)[None]
    end = pd.DatetimeIndex(["2024-04-02"], tz="Europe/Berlin")  # two days after the clocks changed
    weeks = weeks_before(ReadingsMatrix(np.array(["m"], object), start, 60, kwh), np.array([0]), end, 24)
    begin = pd.Timestamp("2024-03-25", tz="Europe/Berlin")
    assert weeks[0, 0, 0] == (begin - start) / pd.Timedelta(hours=1)
    assert np.isnan(weeks[0, 4:]).all()
