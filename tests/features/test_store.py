from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from metrify.adapters.feature_store import (
    FEATURES,
    PUSH_SOURCE,
    STATION_FEATURE,
    OnlineWindowReader,
    apply_repository,
    materialise_online,
    open_store,
    push_windows,
    retrieve_windows,
    windows_table,
    write_offline_windows,
)
from metrify.adapters.weather_records import WeatherRecordReader
from metrify.adapters.window_push import WindowPusher
from metrify.config import Home
from metrify.errors import FeatureStoreError

from .conftest import LENGTH, METERS, Store
from .served_windows import served_windows

NOW = pd.DatetimeIndex(["2024-04-01"], tz="UTC")


@pytest.mark.parametrize(
    "use",
    [
        open_store,
        OnlineWindowReader,
        lambda home: materialise_online(home, NOW[0]),
        lambda home: push_windows(home, METERS[:1], NOW, np.zeros((1, LENGTH), np.float32)),
        lambda home: retrieve_windows(home, pd.DataFrame({"meter_id": ["m_a"], "origin": NOW})),
    ],
)
def test_a_store_that_is_not_there_is_named_and_not_made(tmp_path: Path, use) -> None:
    with pytest.raises(FeatureStoreError, match=r"no feature store in .*empty/feature_store") as raised:
        use(Home(tmp_path / "empty"))
    assert "metrify train" in raised.value.mend
    assert raised.value.status_code == 503
    assert not (tmp_path / "empty").exists()


def test_the_repository_declares_what_the_adapter_asks_for(store: Store) -> None:
    opened = open_store(store.home)
    declared = {f"{view.name}:{field.name}" for view in opened.list_feature_views() for field in view.schema}
    assert {*FEATURES, STATION_FEATURE} <= declared
    assert [source.name for source in opened.list_data_sources() if source.name == PUSH_SOURCE] == [PUSH_SOURCE]
    services = {service.name for service in opened.list_feature_services()}
    assert services == {"load_forecaster", "load_forecaster_weather", "anomaly_detector", "grid_optimizer"}


def test_applying_again_changes_nothing(own_store: Store) -> None:
    before = served_windows(own_store.home, METERS.tolist())
    apply_repository(own_store.home)
    for value, again in zip(before, served_windows(own_store.home, METERS.tolist()), strict=True):
        np.testing.assert_array_equal(value, again)


@pytest.mark.parametrize("use", [OnlineWindowReader, WindowPusher])
def test_a_store_of_a_version_without_data_versions_is_refused(own_store: Store, use: type) -> None:
    opened = open_store(own_store.home)
    view = opened.get_feature_view("meter_load")
    view.features = [field for field in view.features if field.name != "data_version"]
    opened.registry.apply_feature_view(view, opened.project)
    with pytest.raises(FeatureStoreError, match="Another version of Metrify") as caught:
        use(own_store.home)
    assert "metrify train" in caught.value.mend


def test_a_store_of_a_version_without_records_serves_windows_alone(own_store: Store) -> None:
    opened = open_store(own_store.home)
    for name in ("meter_station", "station_weather", "meter_static"):
        opened.registry.delete_feature_view(name, opened.project)
    found = OnlineWindowReader(own_store.home).read(["m_a"])
    assert (found.stations, found.static) == ((), ())
    for use in (
        lambda: OnlineWindowReader(own_store.home, with_stations=True),
        lambda: OnlineWindowReader(own_store.home, with_static=True),
        lambda: WeatherRecordReader(own_store.home),
    ):
        with pytest.raises(FeatureStoreError, match="Another version of Metrify"):
            use()


def test_two_homes_are_kept_apart(store: Store, own_store: Store) -> None:
    end = pd.DatetimeIndex([own_store.online_until])
    push_windows(own_store.home, METERS[:1], end, np.zeros((1, LENGTH), np.float32))
    ours, _ = served_windows(own_store.home, ["m_a"])
    theirs, _ = served_windows(store.home, ["m_a"])
    assert not ours.any()
    np.testing.assert_array_equal(theirs[0], store.window("m_a", store.online_until))


def test_offline_windows_are_replaced_in_one_step(tmp_path: Path) -> None:
    home = Home(tmp_path)
    ends = NOW.repeat(3)
    one = windows_table(METERS, ends, np.ones((3, 4), np.float32))
    two = windows_table(METERS, ends, np.full((3, 4), 2, np.float32))
    write_offline_windows(home, [one, two])
    path = write_offline_windows(home, [two])
    assert pq.read_table(path).equals(two)
    with pytest.raises(ValueError, match="schema"):
        write_offline_windows(home, [one, one.drop_columns(["load_window"])])
    assert pq.read_table(path).equals(two)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
@pytest.mark.parametrize("unit", ["s", "us", "ns"])
def test_rows_hold_the_end_as_utc_in_any_unit_and_zone(zone: str, unit: str) -> None:
    ends = NOW.tz_convert(zone).as_unit(unit)
    row = windows_table(METERS[:1], ends, np.ones((1, 4), np.float32)).to_pylist()[0]
    assert row["event_timestamp"] == NOW[0]
    assert row["window_end"] == NOW[0].timestamp()
    assert row["load_window"] == [1, 1, 1, 1]
