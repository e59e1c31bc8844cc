"""Whatever comes in whatever order: the window is the one that is cut from all readings."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrify.adapters.materialised_readings import StoredPlace
from metrify.errors import ReadingsError
from metrify.steps.extend_windows import ExtendedWindows, extend_windows

LENGTH, UNTIL = 5, pd.Timestamp("2024-04-01 22:00", tz="UTC")
PLACE = StoredPlace("Europe/Berlin", "DE", LENGTH, 30, UNTIL, "ours")
END, STEP = np.datetime64(UNTIL.tz_localize(None), "s"), np.timedelta64(30, "m")
NONE = np.datetime64("NaT", "s")

offsets = st.lists(st.integers(-12, 12), min_size=1, max_size=8, unique=True)


def extended(stored: np.ndarray, end: np.datetime64, after_end: list[int], kwh: list[float]) -> ExtendedWindows:
    meter, begins = np.zeros(len(kwh), int), END + np.array(after_end) * STEP
    return extend_windows(stored, np.array([end]), meter, begins, np.array(kwh, np.float32), PLACE)


@given(offsets, st.integers(0, 8), st.booleans())
def test_parts_in_any_order_give_the_window_of_all(after_end: list[int], first: int, is_new: bool) -> None:
    stored = np.full((1, LENGTH if not is_new else 0), 0.5, np.float32)
    end = NONE if is_new else END
    known = {} if is_new else dict.fromkeys(range(-LENGTH, 0), 0.5)
    kwh = [float(place) for place in range(10, 10 + len(after_end))]
    for part in (slice(first), slice(first, None)):
        if after_end[part]:
            done = extended(stored, end, after_end[part], kwh[part])
            stored, end = done.windows, done.ends[0]
    known |= dict(zip(after_end, kwh, strict=True))
    last = max(max(after_end), -(10**6) if is_new else -1)
    np.testing.assert_array_equal(stored[0], [known.get(place, np.nan) for place in range(last - LENGTH + 1, last + 1)])
    assert end == END + (last + 1) * STEP


def test_meters_do_not_touch_each_other() -> None:
    stored = np.arange(10, dtype=np.float32).reshape(2, LENGTH)
    begins = END + np.array([1, -7, -1]) * STEP
    done = extend_windows(stored, np.array([END, END]), np.array([1, 1, 0]), begins, np.array([8.5, 1, 2.5]), PLACE)
    np.testing.assert_array_equal(done.windows, [[0, 1, 2, 3, 2.5], [7, 8, 9, np.nan, 8.5]])
    assert done.inside.tolist() == [True, False, True]
    assert (done.ends == [END, END + 2 * STEP]).all()


def test_a_reading_between_intervals_is_refused() -> None:
    with pytest.raises(ReadingsError, match=r"1 of 2 readings .* 30 minutes, for instance at 2024-04-01T22:10:00Z"):
        begins = np.array([END, END + np.timedelta64(10, "m")])
        extend_windows(np.ones((1, LENGTH)), np.array([END]), np.zeros(2, int), begins, np.ones(2), PLACE)
