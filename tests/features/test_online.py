import numpy as np
import pandas as pd

from metrify.adapters.feature_store import OnlineWindowReader, materialise_online, push_windows

from .conftest import LENGTH, METERS, Store
from .served_windows import served_windows

DAY = pd.Timedelta(days=1)


def in_utc(stamp: pd.Timestamp) -> np.datetime64:
    return stamp.tz_convert(None).to_datetime64().astype("datetime64[s]")


def test_the_newest_materialised_window_is_the_offline_one(store: Store) -> None:
    windows, ends = served_windows(store.home, METERS.tolist())
    assert windows.dtype == np.float32
    assert ends.tolist() == [in_utc(store.online_until).item()] * len(METERS)
    for meter, window in zip(METERS, windows, strict=True):
        np.testing.assert_array_equal(window, store.window(meter, store.online_until))


def test_a_window_that_ended_in_the_day_before_is_materialised(own_store: Store) -> None:
    newest = own_store.origins[-2]
    materialise_online(own_store.home, newest + DAY - pd.Timedelta(hours=1))
    windows, ends = served_windows(own_store.home, METERS.tolist())
    assert ends.tolist() == [in_utc(newest).item()] * len(METERS)
    np.testing.assert_array_equal(windows[0], own_store.window("m_a", newest))


def test_rows_come_in_the_order_they_were_asked_for(store: Store) -> None:
    asked = ["m_c", "m_a", "m_c", "m_b"]
    windows, _ = served_windows(store.home, asked)
    for meter, window in zip(asked, windows, strict=True):
        np.testing.assert_array_equal(window, store.window(meter, store.online_until))


def test_an_unknown_meter_has_no_end_and_no_reading(store: Store) -> None:
    windows, ends = served_windows(store.home, ["m_a", "m_unknown"])
    assert np.isnat(ends).tolist() == [False, True]
    assert np.isnan(windows[1]).all()
    assert np.isfinite(windows[0]).all()


def test_only_unknown_meters_have_no_window(store: Store) -> None:
    windows, ends = served_windows(store.home, ["m_unknown"])
    assert windows.shape[0] == 1
    assert np.isnat(ends).all()


def test_a_push_replaces_the_window_of_its_meter_alone(own_store: Store) -> None:
    reader = OnlineWindowReader(own_store.home)
    reader.read(METERS.tolist())
    newest = own_store.online_until + DAY
    pushed = np.linspace(0, 1, LENGTH, dtype=np.float32)[None]
    push_windows(own_store.home, METERS[1:2], pd.DatetimeIndex([newest]), pushed)
    found = reader.read(METERS.tolist())  # a reader that was open before sees it
    windows, ends = found.windows, found.ends
    np.testing.assert_array_equal(windows[1], pushed[0])
    np.testing.assert_array_equal(windows[0], own_store.window("m_a", own_store.online_until))
    assert ends.tolist() == [in_utc(end).item() for end in (own_store.online_until, newest, own_store.online_until)]


def test_a_pushed_gap_stays_a_gap_and_a_short_window_ends_at_its_end(own_store: Store) -> None:
    gap = np.full((1, LENGTH), 0.5, np.float32)
    gap[0, 3] = np.nan
    end = pd.DatetimeIndex([own_store.online_until + DAY])
    push_windows(own_store.home, np.array(["m_a"]), end, gap)
    push_windows(own_store.home, np.array(["m_new"]), end, np.full((1, 5), 2, np.float32))
    windows, ends = served_windows(own_store.home, ["m_a", "m_new"])
    np.testing.assert_array_equal(windows[0], gap[0])
    np.testing.assert_array_equal(windows[1], [np.nan] * (LENGTH - 5) + [2] * 5)
    assert not np.isnat(ends).any()


def test_a_push_does_not_touch_the_offline_windows(own_store: Store) -> None:
    path = own_store.home.feature_store / "load_windows.parquet"
    before = path.read_bytes()
    end = pd.DatetimeIndex([own_store.online_until + DAY])
    push_windows(own_store.home, METERS[:1], end, np.zeros((1, LENGTH), np.float32))
    assert path.read_bytes() == before


def test_no_meter_has_no_window(store: Store) -> None:
    windows, ends = served_windows(store.home, [])
    assert windows.shape == (0, 0)
    assert ends.shape == (0,)
