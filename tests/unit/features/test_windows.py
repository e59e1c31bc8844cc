from dataclasses import replace

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from metrify.features.windows import cut_targets, cut_windows
from metrify.readings.matrix import ReadingsMatrix

START = pd.Timestamp("2024-03-30", tz="UTC")
MINUTES = 30
STEP = pd.Timedelta(minutes=MINUTES)

lengths = st.integers(1, 12)


@st.composite
def matrices(draw: st.DrawFn) -> ReadingsMatrix:
    """Each value is its own place, so a value shows where it was taken from."""
    meters, intervals = draw(st.integers(1, 3)), draw(st.integers(1, 40))
    kwh = np.arange(meters * intervals, dtype=np.float32).reshape(meters, intervals)
    return ReadingsMatrix(np.array(list("abc")[:meters], dtype=object), START, MINUTES, kwh)


@st.composite
def origins(draw: st.DrawFn) -> pd.DatetimeIndex:
    """Origins on the grid: before the first reading, within the readings and after the last, in any order."""
    steps = draw(st.lists(st.integers(-20, 60), min_size=1, max_size=8))
    return pd.DatetimeIndex([START + step * STEP for step in steps])


def reading_at(matrix: ReadingsMatrix, meter: int, stamp: pd.Timestamp) -> float:
    column = int((stamp - START) / STEP)
    return matrix.kwh[meter, column] if 0 <= column < matrix.kwh.shape[1] else np.nan


@given(matrices(), origins(), lengths)
def test_a_window_holds_the_readings_before_its_origin(matrix: ReadingsMatrix, ends: pd.DatetimeIndex, length: int):
    windows = cut_windows(matrix, ends, length)
    assert windows.shape == (len(matrix.meter_ids), len(ends), length)
    assert windows.dtype == np.float32
    for (meter, row, place), value in np.ndenumerate(windows):
        stamp = ends[row] - (length - place) * STEP
        np.testing.assert_equal(value, reading_at(matrix, meter, stamp))


@given(matrices(), origins(), lengths)
def test_targets_are_the_readings_from_the_origin_on(matrix: ReadingsMatrix, ends: pd.DatetimeIndex, horizon: int):
    targets = cut_targets(matrix, ends, horizon)
    assert targets.shape == (len(matrix.meter_ids), len(ends), horizon)
    for (meter, row, place), value in np.ndenumerate(targets):
        np.testing.assert_equal(value, reading_at(matrix, meter, ends[row] + place * STEP))


@given(matrices(), origins(), lengths)
def test_no_reading_from_the_origin_on_enters_a_window(matrix: ReadingsMatrix, ends: pd.DatetimeIndex, length: int):
    for origin in ends:
        now_and_later = np.asarray(matrix.timestamps >= origin)
        without = replace(matrix, kwh=np.where(now_and_later, np.float32(-1), matrix.kwh))
        only_this = pd.DatetimeIndex([origin])
        np.testing.assert_array_equal(cut_windows(without, only_this, length), cut_windows(matrix, only_this, length))


@given(matrices(), st.integers(-3, 43), lengths, lengths)
def test_a_window_and_its_target_meet_at_the_origin(matrix: ReadingsMatrix, step: int, length: int, horizon: int):
    origin = pd.DatetimeIndex([START + step * STEP])
    both = np.concatenate([cut_windows(matrix, origin, length), cut_targets(matrix, origin, horizon)], axis=2)
    np.testing.assert_array_equal(both, cut_windows(matrix, origin + horizon * STEP, length + horizon))


@given(matrices(), origins(), lengths)
def test_cutting_leaves_the_readings_alone(matrix: ReadingsMatrix, ends: pd.DatetimeIndex, length: int) -> None:
    before = matrix.kwh.copy()
    cut_windows(matrix, ends, length)[:] = -1
    np.testing.assert_array_equal(matrix.kwh, before)


def test_a_gap_stays_a_gap() -> None:
    kwh = np.array([[1, np.nan, 3, 4]], dtype=np.float32)
    matrix = ReadingsMatrix(np.array(["a"], dtype=object), START, MINUTES, kwh)
    origin = pd.DatetimeIndex([START + 3 * STEP])
    np.testing.assert_array_equal(cut_windows(matrix, origin, 3)[0, 0], [1, np.nan, 3])
