"""The day that stands in for a forecast: measured hours alone."""

import numpy as np
import pytest

from inference_services.transformer.grid.measured_day import newest_day
from metrify.adapters.meter_windows import MeterWindows
from metrify.errors import FeatureStoreError, MissingReadingsError, UnknownMeterError

METERS = ["line/load", "line/pv"]
END = np.datetime64("2024-03-01T00:00:00", "s")


def found(windows: np.ndarray, *ends: np.datetime64, unavailable: bool = False) -> MeterWindows:
    versions, missing = np.zeros(2, np.int64), np.full(2, unavailable)
    return MeterWindows(windows, np.array(ends, "datetime64[s]"), versions, missing, "a reason" * unavailable)


def test_it_is_the_last_24_hours_of_each_meter() -> None:
    windows = np.arange(96, dtype=np.float32).reshape(2, 48)
    end, day = newest_day(METERS, found(windows, END, END))
    assert end == END
    np.testing.assert_array_equal(day, windows[:, 24:])


@pytest.mark.parametrize("late_hours", [1, 23, 24, 100])
def test_a_meter_that_is_late_is_named_and_no_hour_of_it_is_made_up(late_hours: int) -> None:
    windows = np.ones((2, 48), np.float32)
    with pytest.raises(
        MissingReadingsError, match="Hours before 2024-03-01T00:00:00Z are missing of line/pv"
    ) as refused:
        newest_day(METERS, found(windows, END, END - np.timedelta64(late_hours, "h")))
    assert refused.value.meters == ("line/pv",)


def test_a_gap_and_a_window_that_is_too_short_are_named() -> None:
    windows = np.ones((2, 48), np.float32)
    windows[0, -3] = np.nan
    with pytest.raises(MissingReadingsError, match="missing of line/load"):
        newest_day(METERS, found(windows, END, END))
    with pytest.raises(MissingReadingsError, match="missing of line/load, line/pv"):
        newest_day(METERS, found(np.ones((2, 23), np.float32), END, END))


def test_strangers_and_a_silent_store_are_told() -> None:
    windows, unknown = np.ones((2, 48), np.float32), np.datetime64("NaT")
    with pytest.raises(UnknownMeterError, match="does not know line/pv"):
        newest_day(METERS, found(windows, END, unknown))
    with pytest.raises(FeatureStoreError, match="a reason"):
        newest_day(METERS, found(windows, unknown, unknown, unavailable=True))
