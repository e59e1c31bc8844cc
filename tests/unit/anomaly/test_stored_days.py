import numpy as np
import pytest

from metrify.anomaly.stored_days import Unjudged, cut_days, judged_days, missing_share
from metrify.features.batch import FeatureBatch, FeatureContext

DAY, DAYS = 24, 16
LENGTH = DAY * DAYS
CONTEXT = FeatureContext(LENGTH, DAY, 60, "Europe/London", "GB")
JUNE = np.datetime64("2024-06-19T23:00", "s")  # local midnight


def windows_of(rows: int, length: int = LENGTH) -> np.ndarray:
    return np.arange(rows * length, dtype=np.float32).reshape(rows, length) + 1


def dates(*names: str) -> np.ndarray:
    return np.array(names, "datetime64[D]")


def test_the_newest_day_is_the_one_that_is_over() -> None:
    ends = np.array([JUNE, JUNE + np.timedelta64(10, "h"), JUNE - np.timedelta64(1, "h")])
    found = cut_days(windows_of(3), ends, None, CONTEXT, 0.5)
    newest = dates("2024-06-19", "2024-06-19", "2024-06-18")
    np.testing.assert_array_equal(judged_days(found.ends, CONTEXT.timezone), newest)
    assert found.unjudged.tolist() == [None] * 3  # of the last one's first day, one interval is stored
    assert np.isnan(found.windows[1, :10]).all()
    np.testing.assert_array_equal(found.windows[1, 10:], windows_of(3)[1, :-10])


@pytest.mark.parametrize(
    ("name", "end"),
    [("2024-03-31", "2024-03-31T23:00"), ("2024-10-27", "2024-10-28T00:00"), ("2024-10-26", "2024-10-26T23:00")],
)
def test_a_day_ends_at_the_local_midnight_after_it(name: str, end: str) -> None:
    stored_end = np.datetime64(end, "s") + np.timedelta64(5, "h")
    wide = windows_of(1, LENGTH + 3 * DAY)
    found = cut_days(wide, np.array([stored_end]), dates(name), CONTEXT, 0.5)
    assert (found.unjudged[0], found.ends[0]) == (None, np.datetime64(end, "s"))
    np.testing.assert_array_equal(found.windows[0], wide[0, -5 - LENGTH : -5])


def test_a_day_that_the_store_does_not_hold_is_told_with_what_it_holds() -> None:
    asked = dates("2024-06-20", "2024-05-01", "2024-06-19", "9999-12-30", "0001-01-01")
    found = cut_days(windows_of(5), np.full(5, JUNE), asked, CONTEXT, 0.5)
    assert found.unjudged.tolist() == [Unjudged.NO_SUCH_DAY] * 2 + [None] + [Unjudged.NO_SUCH_DAY] * 2
    assert found.reasons[0] == "readings end at 2024-06-19T23:00:00Z"
    assert found.reasons[1] == "readings begin at 2024-06-03T23:00:00Z, and 15 days before a day are needed"


@pytest.mark.parametrize(
    ("gap", "unjudged", "told"),
    [
        (slice(-DAY, -DAY + 12), None, "12 of 24 readings of the day are missing (50%)"),
        (slice(-DAY, -DAY + 13), Unjudged.MISSING, "13 of 24 readings of 2024-06-19 are missing, or kept out"),
        (slice(0, DAY - 1), None, ""),
        (slice(0, DAY), None, ""),
        (slice(0, 7 * DAY), None, "168 of 360 readings before it are missing"),
        (slice(1, 1 + 7 * DAY), None, "168 of 360 readings before it are missing"),
        (slice(1, 1 + 8 * DAY), Unjudged.SHORT, "192 of 360 readings before 2024-06-19 are missing"),
        (slice(None), Unjudged.SHORT, "360 of 360 readings before 2024-06-19 are missing"),
    ],
)
def test_gaps_are_left_and_told_and_too_many_are_not_judged(gap: slice, unjudged: Unjudged | None, told: str) -> None:
    windows = windows_of(1)
    windows[0, gap] = np.nan
    found = cut_days(windows, np.array([JUNE]), None, CONTEXT, 0.5)
    assert found.unjudged[0] == unjudged
    assert found.reasons[0].startswith(told) and bool(found.reasons[0]) == bool(told)
    np.testing.assert_array_equal(found.windows, windows)


def test_missing_readings_are_counted_by_the_local_clock() -> None:
    windows = windows_of(1)
    windows[0, -2:] = np.nan
    share = missing_share(FeatureBatch(windows, np.array([JUNE]), CONTEXT))
    assert share.tolist() == [np.float32(2 / DAY)]
