"""Nets of pandapower with profiles become feeders."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from metrify.errors import GridError
from metrify.grid.feeder_dataset import feeder_dataset
from metrify.grid.feeder_files import StoredFeeder, read_feeder, write_feeder
from metrify.grid.import_feeder import import_feeder, profile_groups
from metrify.readings.schema import check_readings

from .imported_net import DAYS, ZONE, make_net, make_profiles, write_net


@pytest.fixture(scope="module")
def profiles() -> pd.DataFrame:
    return make_profiles(make_net())


def run(folder: Path, net: Any, profiles: pd.DataFrame, suffix: str = "parquet") -> StoredFeeder:
    path = folder / f"profiles.{suffix}"
    if suffix == "csv":
        profiles.to_csv(path, index=False)
    else:
        profiles.to_parquet(path, index=False)
    return import_feeder(write_net(folder, net), path, "village", ZONE)


def test_a_net_becomes_a_feeder_with_all_that_is_in_service(tmp_path: Path, profiles: pd.DataFrame) -> None:
    net = make_net()
    stored = run(tmp_path, net, profiles)
    feeder = stored.feeder
    assert feeder.load_names == tuple(net.load["name"][net.load["name"] != "Load I2"])
    assert dict(zip(feeder.load_names, feeder.shiftable_kw, strict=True))["Load R11"] == 20
    assert (feeder.shiftable_kw > 0).sum() == 1
    assert feeder.pv_names == ("PV 0", "PV 1") and feeder.pv_kva.tolist() == [30, 30]
    batteries = feeder.batteries
    told = (batteries.names, batteries.power_kw[0], batteries.capacity_kwh[0], batteries.efficiency[0])
    assert told == (("Battery",), pytest.approx(20), pytest.approx(50), pytest.approx(0.92))
    assert len(stored.profiles) == DAYS * 96 and stored.profiles.start == np.datetime64("2023-03-20T23:00")
    place = feeder.load_names.index("Load R1")
    np.testing.assert_array_equal(stored.profiles.load_kw[:, place], profiles["load/Load R1/kw"])
    np.testing.assert_array_equal(stored.profiles.load_kvar[:, place], 3.0)
    other = feeder.load_names.index("Load R11")
    load = net.load[net.load["name"] == "Load R11"].iloc[0]
    ratio = stored.profiles.load_kvar[:, other] / stored.profiles.load_kw[:, other]
    np.testing.assert_allclose(ratio, load["q_mvar"] / load["p_mw"])
    write_feeder(tmp_path / "feeder", stored)
    assert read_feeder(tmp_path / "feeder").feeder.load_names == feeder.load_names


def test_text_with_offsets_in_any_order_is_the_same(tmp_path: Path, profiles: pd.DataFrame) -> None:
    local = profiles.assign(timestamp=profiles["timestamp"].dt.tz_convert(ZONE).map(lambda at: at.isoformat()))
    shuffled = local.sample(frac=1, random_state=1)
    one, other = run(tmp_path, make_net(), profiles), run(tmp_path, make_net(), shuffled, "csv")
    assert one.profiles.start == other.profiles.start
    np.testing.assert_allclose(one.profiles.load_kw, other.profiles.load_kw)
    np.testing.assert_allclose(one.profiles.pv_kw, other.profiles.pv_kw)


@pytest.mark.parametrize(("told", "share"), [(0.95, 0.95), (1.0, 1.0), (95.0, 0.95), (np.nan, 0.95)])
def test_efficiency_is_a_share_or_percent(tmp_path: Path, profiles: pd.DataFrame, told: float, share: float) -> None:
    net = make_net()
    net.storage["efficiency_percent"] = told
    assert run(tmp_path, net, profiles).feeder.batteries.efficiency.tolist() == pytest.approx([share])


def test_a_net_without_storages_has_no_batteries(tmp_path: Path, profiles: pd.DataFrame) -> None:
    net = make_net()
    net.storage["in_service"] = False
    assert len(run(tmp_path, net, profiles).feeder.batteries) == 0


def rename_load(net: Any) -> None:
    net.load.loc[net.load.index[1], "name"] = net.load["name"].iloc[0]


def same_for_sgen(net: Any) -> None:
    net.sgen.loc[0, "name"] = "Load R1"


def weak_storage(net: Any) -> None:
    net.storage["max_e_mwh"] = 0.0


def lossless_beyond(net: Any) -> None:
    net.storage["efficiency_percent"] = 130.0


def island(net: Any) -> None:
    net.line.loc[0, "in_service"] = False


def second_grid(net: Any) -> None:
    import pandapower

    pandapower.create_ext_grid(net, 5)


def nothing_to_control(net: Any) -> None:
    net.storage["in_service"] = False
    net.sgen["in_service"] = False
    net.load = net.load.drop(columns="shiftable_kw")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (rename_load, "1 names of loads occur twice"),
        (same_for_sgen, "1 loads are called like static generators, 'Load R1'"),
        (weak_storage, "storage Battery has no max_e_mwh"),
        (lossless_beyond, "efficiency_percent of 130"),
        (island, "at a bus that nothing supplies"),
        (second_grid, "2 connections to the grid above"),
        (nothing_to_control, "Nothing of village can be controlled"),
    ],
)
def test_a_net_that_does_not_fit_is_refused(damage: Callable[[Any], None], said: str, tmp_path: Path) -> None:
    net = make_net()
    damage(net)
    profiles = make_profiles(net)
    if damage is same_for_sgen:
        profiles = profiles.rename(columns={"sgen/PV 0/kw": "sgen/Load R1/kw"})
    with pytest.raises(GridError, match=said) as caught:
        run(tmp_path, net, profiles)
    assert caught.value.mend


def stamp_of(frame: pd.DataFrame, row: int, moment: str) -> pd.DataFrame:
    stamps = frame["timestamp"].copy()
    stamps[row] = pd.Timestamp(moment)
    return frame.assign(timestamp=stamps)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda frame: frame.drop(columns=["load/Load R1/kw", "sgen/PV 1/kw"]), "lacks 2 columns: load/Load R1/kw, "),
        (lambda frame: frame.drop(columns="timestamp"), "lacks 1 columns: timestamp"),
        (lambda frame: frame.assign(**{"load/Load R99/kw": 1.0}), "1 columns that belong to no element"),
        (
            lambda frame: frame.mask(frame.index.to_series() == 7).assign(timestamp=frame["timestamp"]),
            "has 14 gaps in 14 columns, load/Load R1/kw",
        ),
        (lambda frame: frame.drop(index=9), "irregular steps: 1 are not 15 minutes, .*2023-03-21 01:00 UTC"),
        (lambda frame: stamp_of(frame, 9, "2023-03-21T01:00Z"), "irregular steps"),
        (lambda frame: frame.iloc[: 6 * 96], "6.0 days of profiles"),
        (lambda frame: frame.iloc[1:], "does not begin with a whole hour"),
        (lambda frame: frame.assign(**{"sgen/PV 0/kw": -1.0}), "sgen/PV 0/kw is below 0"),
        (lambda frame: frame.assign(**{"sgen/PV 0/kw": "much"}), "no number"),
        (lambda frame: frame.assign(timestamp="yesterday"), "a stamp that can't be read"),
    ],
)
def test_profiles_that_do_not_fit_are_refused(
    damage: Callable[[pd.DataFrame], pd.DataFrame], said: str, tmp_path: Path, profiles: pd.DataFrame
) -> None:
    with pytest.raises(GridError, match=said) as caught:
        run(tmp_path, make_net(), damage(profiles))
    assert caught.value.mend


def test_files_of_another_kind_are_told(tmp_path: Path, profiles: pd.DataFrame) -> None:
    profiles.to_parquet(tmp_path / "profiles.parquet", index=False)
    for text in ("no json", "[]", "{}"):
        (tmp_path / "net.json").write_text(text)
        with pytest.raises(GridError, match="no JSON of pandapower"):
            import_feeder(tmp_path / "net.json", tmp_path / "profiles.parquet", "village", ZONE)
    with pytest.raises(GridError, match="can't be read"):
        import_feeder(tmp_path / "absent.json", tmp_path / "profiles.parquet", "village", ZONE)
    net = write_net(tmp_path, make_net())
    with pytest.raises(GridError, match=r"profiles\.xlsx can't be read"):
        import_feeder(net, tmp_path / "profiles.xlsx", "village", ZONE)
    with pytest.raises(GridError, match="Unknown time zone"):
        import_feeder(net, tmp_path / "profiles.parquet", "village", "Europe/Atlantis")


def test_elements_are_hourly_meters_whose_group_is_their_profile(tmp_path: Path, profiles: pd.DataFrame) -> None:
    net = make_net()
    net.load["profile"] = np.where(net.load["name"] == "Load R1", "H0-A", None)
    stored = run(tmp_path, net, profiles)
    dataset = feeder_dataset(stored, profile_groups(tmp_path / "net.json"), "DE", "ours", "nobody")
    readings = check_readings(dataset.readings)
    assert len(readings) == DAYS * 24 * 16
    sun = readings[readings["meter_id"] == "village/PV 0"]["kwh"].to_numpy()
    np.testing.assert_allclose(sun, profiles["sgen/PV 0/kw"].to_numpy().reshape(-1, 4).mean(axis=1), rtol=1e-6)
    meters = dataset.meters.set_index("meter_id")
    assert meters.at["village/Load R1", "group"] == "H0-A" and meters.at["village/PV 0", "group"] == "village/PV 0"
    assert meters["kind"].value_counts().to_dict() == {"load": 14, "inverter": 2}
    assert dataset.info.resolution_minutes == 60 and dataset.info.licence == "ours"
