import numpy as np
import pandas as pd
import pytest

from metrify.adapters.feature_store import retrieve_windows, windows_table, write_offline_windows
from metrify.errors import FeatureStoreError

from .conftest import METERS, Store


def rows_of(*pairs: tuple[str, pd.Timestamp]) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["meter_id", "origin"])


def test_every_row_gets_the_window_that_ended_at_its_origin(store: Store) -> None:
    rows = rows_of(*((meter, origin) for origin in store.origins for meter in METERS))
    rows = rows.sample(frac=1, random_state=0)  # in an order and with an index of their own
    joined = retrieve_windows(store.home, rows)
    assert joined["meter_id"].tolist() == rows["meter_id"].tolist()
    assert joined["origin"].tolist() == rows["origin"].tolist()
    assert joined["window_end"].tolist() == rows["origin"].tolist()
    for row in joined.itertuples():
        assert row.load_window.dtype == np.float32
        np.testing.assert_array_equal(row.load_window, store.window(row.meter_id, row.origin))


def test_many_rows_keep_their_order(own_store: Store) -> None:
    # So many that DuckDB gives them in another one.
    meters = np.array([f"m_{number}" for number in range(400)], dtype=object)
    ends = pd.date_range("2024-01-01", periods=30, tz="UTC")
    numbers = np.arange(len(meters) * len(ends), dtype=np.float32)
    rows = pd.DataFrame({"meter_id": np.repeat(meters, len(ends)), "origin": ends.append([ends] * (len(meters) - 1))})
    write_offline_windows(
        own_store.home, [windows_table(rows["meter_id"].to_numpy(), pd.DatetimeIndex(rows["origin"]), numbers[:, None])]
    )
    asked = rows.sample(300, random_state=0)
    joined = retrieve_windows(own_store.home, asked)
    assert joined["meter_id"].tolist() == asked["meter_id"].tolist()
    assert joined["load_window"].str[0].tolist() == numbers[asked.index].tolist()


def test_a_row_may_come_twice(store: Store) -> None:
    joined = retrieve_windows(store.home, rows_of(*[("m_b", store.origins[4])] * 3))
    assert len(joined) == 3
    for window in joined["load_window"]:
        np.testing.assert_array_equal(window, store.window("m_b", store.origins[4]))


def test_a_gap_stays_a_gap(store: Store) -> None:
    joined = retrieve_windows(store.home, rows_of(*(("m_c", origin) for origin in store.origins)))
    assert np.isnan(np.stack(joined["load_window"])).any(axis=1).sum() == 2  # the two windows of 48 hours with it


@pytest.mark.parametrize("late", [pd.Timedelta(hours=1), pd.Timedelta(seconds=1), pd.Timedelta(days=30)])
def test_an_origin_without_a_window_that_ends_there_is_refused(store: Store, late: pd.Timedelta) -> None:
    rows = rows_of(("m_a", store.origins[3]), ("m_b", store.origins[3] + late))
    with pytest.raises(FeatureStoreError, match="1 of 2 rows have no window that ends at their origin") as raised:
        retrieve_windows(store.home, rows)
    assert raised.value.mend


def test_an_origin_before_all_windows_is_refused(store: Store) -> None:
    with pytest.raises(FeatureStoreError, match="1 of 1 rows"):
        retrieve_windows(store.home, rows_of(("m_a", store.origins[0] - pd.Timedelta(days=1))))


def test_an_unknown_meter_is_refused(store: Store) -> None:
    with pytest.raises(FeatureStoreError, match="1 of 2 rows"):
        retrieve_windows(store.home, rows_of(("m_a", store.origins[3]), ("m_x", store.origins[3])))
