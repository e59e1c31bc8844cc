"""Feeders on disk."""

import json
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metrify.errors import GridError
from metrify.grid.feeder import Feeder, Profiles
from metrify.grid.feeder_files import FEEDER_FILE, PROFILES_FILE, StoredFeeder, read_feeder, write_feeder
from metrify.grid.feeder_json import feeder_from_json, feeder_to_json
from metrify.grid.simbench_feeder import TIMEZONE, read_simbench_feeder
from metrify.readings.sources.simbench import GRIDS

from .made_up_feeder import ZONE, make_up_day, make_up_feeder


def of_simbench() -> StoredFeeder:
    feeder, year = read_simbench_feeder(GRIDS[0])
    return StoredFeeder(feeder, year.steps(0, 3 * 96), TIMEZONE)


def made_up() -> StoredFeeder:
    return StoredFeeder(make_up_feeder(shiftable_kw=1 / 3), make_up_day(), ZONE)


def without_batteries() -> StoredFeeder:
    feeder = make_up_feeder()
    none = {field.name: getattr(feeder.batteries, field.name)[:0] for field in fields(feeder.batteries)}
    return StoredFeeder(replace(feeder, batteries=replace(feeder.batteries, **none)), make_up_day(), "UTC")


def assert_same(ours: object, theirs: object) -> None:
    """Compares what dataclasses hold, exactly."""
    for field in fields(ours):  # type: ignore[arg-type]
        one, other = getattr(ours, field.name), getattr(theirs, field.name)
        if hasattr(one, "__dataclass_fields__"):
            assert_same(one, other)
        elif field.name == "admittances":
            for tap, another in zip(one, other, strict=True):
                assert_same(tap, another)
        elif isinstance(one, np.ndarray):
            np.testing.assert_array_equal(one, other)
            assert one.dtype == other.dtype or one.dtype.kind == other.dtype.kind
        else:
            assert one == other, field.name


@pytest.mark.parametrize("make", [made_up, of_simbench, without_batteries])
def test_a_feeder_is_read_as_it_was_written(make: Callable[[], StoredFeeder], tmp_path: Path) -> None:
    stored = make()
    write_feeder(tmp_path / "feeder", stored)
    assert_same(read_feeder(tmp_path / "feeder"), stored)
    feeder, timezone = feeder_from_json(feeder_to_json(stored.feeder, stored.timezone))
    assert isinstance(feeder, Feeder) and timezone == stored.timezone
    assert_same(feeder, stored.feeder)


def test_a_feeder_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    write_feeder(tmp_path / "feeder", of_simbench())
    write_feeder(tmp_path / "feeder", made_up())
    assert read_feeder(tmp_path / "feeder").feeder.network.name == "line"
    assert [path.name for path in tmp_path.iterdir()] == ["feeder"]


def change(text: str, **values: object) -> str:
    return json.dumps(json.loads(text) | values)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda text: text[:-40], "no JSON"),
        (lambda text: change(text, version=2), "version 2, and not 1"),
        (lambda text: "[]", "version None"),
        (lambda text: change(text, base_kva="much"), "damaged: base_kva"),
        (lambda text: change(text, pickle=1), "damaged: pickle"),
        (lambda text: change(text, timezone="Europe/Atlantis"), "unknown time zone 'Europe/Atlantis'"),
        (lambda text: text.replace('"column":[0,1', '"column":[0,7', 1), "a column that is not there"),
        (lambda text: text.replace('"row":[0,0', '"row":[0', 1), "lacks values"),
        (lambda text: change(text, branches=[]), "a row that is not there|don't fit"),
        (lambda text: change(text, loads=[{"name": "load", "bus": 9, "shiftable_kw": 0}]), "at no bus"),
    ],
)
def test_a_damaged_text_is_told_with_its_mend(damage: Callable[[str], str], said: str) -> None:
    with pytest.raises(GridError, match=said) as caught:
        feeder_from_json(damage(feeder_to_json(make_up_feeder(), ZONE)))
    assert caught.value.mend


def drop_load(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns="load/load/kw")


def drop_step(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(index=5)


def drop_value(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.mask(frame.index.to_series() == 5, other=np.nan).assign(timestamp=frame["timestamp"])


@pytest.mark.parametrize(
    ("damage", "said"),
    [(drop_load, "lacks the column 'load/load/kw'"), (drop_step, "no regular steps"), (drop_value, "has gaps")],
)
def test_damaged_profiles_are_told(damage: Callable[[pd.DataFrame], pd.DataFrame], said: str, tmp_path: Path) -> None:
    write_feeder(tmp_path / "feeder", made_up())
    path = tmp_path / "feeder" / PROFILES_FILE
    damage(pd.read_parquet(path)).to_parquet(path, index=False)
    with pytest.raises(GridError, match=said) as caught:
        read_feeder(tmp_path / "feeder")
    assert "import-feeder" in caught.value.mend


def test_a_folder_that_lacks_a_file_is_told(tmp_path: Path) -> None:
    write_feeder(tmp_path / "feeder", made_up())
    (tmp_path / "feeder" / PROFILES_FILE).write_bytes(b"no parquet")
    with pytest.raises(GridError, match="feeder can't be read"):
        read_feeder(tmp_path / "feeder")
    (tmp_path / "feeder" / FEEDER_FILE).unlink()
    with pytest.raises(GridError, match=r"lacks feeder\.json"):
        read_feeder(tmp_path / "feeder")


def test_what_can_not_be_told_apart_or_is_no_number_is_not_written(tmp_path: Path) -> None:
    stored = of_simbench()
    twins = replace(stored.feeder, load_names=("twin",) * len(stored.feeder.load_names))
    with pytest.raises(GridError, match="have the same name"):
        write_feeder(tmp_path / "feeder", replace(stored, feeder=twins))
    endless = replace(stored.feeder, shiftable_kw=np.full(len(stored.feeder.load_names), np.inf))
    with pytest.raises(GridError, match=r"can't be written: .*finite"):
        write_feeder(tmp_path / "feeder", replace(stored, feeder=endless))
    assert not (tmp_path / "feeder").exists()


def test_profiles_keep_their_moments(tmp_path: Path) -> None:
    stored = made_up()
    late: Profiles = replace(stored.profiles, start=np.datetime64("2024-03-31T00:30", "s"), minutes=5)
    write_feeder(tmp_path / "feeder", replace(stored, profiles=late))
    read = read_feeder(tmp_path / "feeder").profiles
    assert read.start == late.start and read.minutes == 5
