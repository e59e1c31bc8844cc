"""A window is touched exactly if it is another one now."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from metrify.features.touched import changed_intervals, touched_outcomes, touched_windows
from metrify.features.windows import cut_targets, cut_windows
from metrify.readings.matrix import ReadingsMatrix

START = pd.Timestamp("2024-01-01", tz="UTC")
VALUES = st.lists(st.lists(st.sampled_from([1.0, 2.0, np.nan]), min_size=8, max_size=8), min_size=2, max_size=2)


def matrix(values: list[list[float]], first: int = 0) -> ReadingsMatrix:
    kwh = np.array(values, dtype=np.float32)[:, first:]
    return ReadingsMatrix(np.array(["a", "b"], dtype=object), START + first * pd.Timedelta(hours=1), 60, kwh)


@given(VALUES, VALUES, st.integers(1, 4), st.integers(0, 7))
def test_the_touched_windows_are_those_that_differ(old: list, new: list, length: int, first: int) -> None:
    before, after = matrix(old, first), matrix(new)
    changed = changed_intervals(before, after)
    origins = pd.date_range(START, periods=9, freq="h")
    places = np.arange(9)
    for touched, cut in ((touched_windows, cut_windows), (touched_outcomes, cut_targets)):
        one, two = cut(before, origins, length), cut(after, origins, length)
        differ = ~((one == two) | (np.isnan(one) & np.isnan(two))).all(axis=2)
        np.testing.assert_array_equal(touched(changed, places, length), differ)


def test_a_meter_that_is_new_has_changed_wherever_it_has_readings() -> None:
    after = matrix([[1, 1, 1, 1, 1, 1, 1, 1], [2, np.nan, 2, 2, 2, 2, 2, 2]])
    before = ReadingsMatrix(after.meter_ids[:1], after.start, 60, after.kwh[:1])
    changed = changed_intervals(before, after)
    assert changed[0].sum() == 0
    assert changed[1].tolist() == [True, False, True, True, True, True, True, True]
