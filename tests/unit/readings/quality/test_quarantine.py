import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from metrify.readings.quality.quarantine import leave_out_quarantined

STAMPS = pd.date_range("2024-03-01", periods=6, freq="h", tz="UTC", unit="us")


def quarantine_of(*rows: tuple[str, pd.Timestamp, bool]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["meter_id", "timestamp", "released"])
    return frame.astype({"timestamp": "datetime64[us, UTC]", "released": bool})


def test_only_what_is_not_released_is_left_out(readings: pd.DataFrame) -> None:
    table = quarantine_of(("a", STAMPS[1], False), ("b", STAMPS[1], True), ("b", STAMPS[4], False))
    left = leave_out_quarantined(readings, table)
    gone = readings.drop(left.index)
    assert list(zip(gone["meter_id"], gone["timestamp"], strict=True)) == [("a", STAMPS[1]), ("b", STAMPS[4])]


def test_quarantine_of_other_meters_and_times_leaves_nothing_out(readings: pd.DataFrame) -> None:
    table = quarantine_of(("c", STAMPS[1], False), ("a", STAMPS[5] + pd.Timedelta(days=1), False))
    pd.testing.assert_frame_equal(leave_out_quarantined(readings, table), readings)
    pd.testing.assert_frame_equal(leave_out_quarantined(readings, quarantine_of()), readings)


pairs = st.tuples(st.sampled_from("abc"), st.sampled_from(STAMPS.tolist()), st.booleans())


@given(st.lists(pairs, unique_by=lambda pair: pair[:2]), st.lists(pairs, unique_by=lambda pair: pair[:2]))
def test_what_is_left_out_is_what_is_listed(there: list, listed: list) -> None:
    readings = quarantine_of(*there).drop(columns="released").assign(kwh=np.float32(1))
    left = leave_out_quarantined(readings, quarantine_of(*listed))
    kept_out = {(meter, stamp) for meter, stamp, released in listed if not released}
    expected = [(meter, stamp) for meter, stamp, _ in there if (meter, stamp) not in kept_out]
    assert list(zip(left["meter_id"], left["timestamp"], strict=True)) == expected
