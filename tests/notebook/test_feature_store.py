import numpy as np
import pandas as pd
import pytest

from metrify import FeatureStore, FeatureStoreConfig
from metrify.adapters.feature_store import OnlineWindowReader
from metrify.config import Home
from metrify.errors import FeatureStoreError, UnknownMeterError, UsageError
from metrify.privacy.pseudonyms import PSEUDONYM_KEY_FILE, load_or_create_key, pseudonymise

METERS = ["1001", "1002"]
ENDS = pd.DatetimeIndex(["2024-03-31 22:00"] * 2, tz="UTC")
WINDOWS = np.arange(8, dtype=np.float32).reshape(2, 4)


@pytest.fixture
def store() -> FeatureStore:
    return FeatureStore(FeatureStoreConfig(lookback_window=4))


def test_what_was_stored_is_what_comes_back(store: FeatureStore) -> None:
    assert store.register_feature("load_window") == "load_window@2"
    store.store_feature_values("load_window", METERS, ENDS, WINDOWS)
    latest = store.get_latest_feature_values("load_window@2", METERS[::-1])
    assert latest["meter_id"].tolist() == METERS[::-1]
    assert latest["window_end"].tolist() == list(ENDS)
    np.testing.assert_array_equal(np.stack(latest["load_window"].to_list()), WINDOWS[::-1])

    home = Home.from_environment()
    pseudonym = pseudonymise("1001", load_or_create_key(home.keys / PSEUDONYM_KEY_FILE))
    assert not np.isnat(OnlineWindowReader(home).read([pseudonym]).ends[0])
    assert np.isnat(OnlineWindowReader(home).read(["1001"]).ends[0])
    with pytest.raises(UnknownMeterError, match="1 of the meters, for instance 1003") as raised:
        store.get_latest_feature_values("load_window", ["1001", "1003"])
    assert raised.value.meters == ("1003",)


def test_a_feature_outside_the_specification_can_not_be_registered(store: FeatureStore) -> None:
    with pytest.raises(UsageError, match=r"no feature 'temperature'.*load_window@2") as raised:
        store.register_feature("temperature")
    assert "specification.py" in raised.value.mend
    assert not Home.from_environment().feature_store.exists()


def test_before_registering_there_is_no_store(store: FeatureStore) -> None:
    with pytest.raises(FeatureStoreError, match="no feature store"):
        store.get_latest_feature_values("load_window", METERS)


def test_a_computed_feature_is_not_stored(store: FeatureStore) -> None:
    with pytest.raises(UsageError, match="computed from the calendar"):
        store.store_feature_values("horizon_calendar", METERS, ENDS, WINDOWS)


@pytest.mark.parametrize(
    ("ends", "windows", "part"),
    [
        (ENDS, WINDOWS[:, :3], r"shape \[2, 3\]"),
        (ENDS[:1], WINDOWS, "1 ends"),
        (ENDS, np.full((2, 4), np.inf), "without infinite"),
        (ENDS.tz_localize(None), WINDOWS, "no time zone"),
    ],
)
def test_values_that_do_not_fit_are_refused(
    store: FeatureStore, ends: pd.DatetimeIndex, windows: np.ndarray, part: str
) -> None:
    with pytest.raises(UsageError, match=part):
        store.store_feature_values("load_window", METERS, ends, windows)
