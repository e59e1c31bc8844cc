from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from metrify.errors import DatasetError
from metrify.readings.dataset import Dataset, write_dataset
from metrify.readings.schema import check_readings
from metrify.readings.sources import SOURCES, imported_names, locate_source, open_source
from metrify.readings.sources.simbench import GRIDS, SIMBENCH_NAME


def test_an_unknown_name_is_refused_and_all_known_ones_are_named(
    make_dataset: Callable[..., Dataset], tmp_path: Path
) -> None:
    write_dataset(make_dataset("ours"), tmp_path / "ours")
    with pytest.raises(DatasetError, match="no dataset 'atlantis'") as raised:
        locate_source("atlantis", [], tmp_path)
    assert all(name in raised.value.mend for name in (*SOURCES, "ours", "metrify data import"))


@pytest.mark.parametrize("name", ["", ".", "..", "../ours", "ours/../ours"])
def test_a_path_is_no_name(make_dataset: Callable[..., Dataset], tmp_path: Path, name: str) -> None:
    write_dataset(make_dataset("ours"), tmp_path / "ours")
    with pytest.raises(DatasetError, match="There is no dataset"):
        locate_source(name, [], tmp_path)


def test_an_imported_dataset_is_read_as_it_was_written(
    make_dataset: Callable[..., Dataset], readings: pd.DataFrame, tmp_path: Path
) -> None:
    write_dataset(make_dataset("ours"), tmp_path / "ours")
    opened = open_source("ours", locate_source("ours", [], tmp_path))
    assert opened.info.name == "ours"
    pd.testing.assert_frame_equal(opened.readings, readings)


def test_only_whole_datasets_count_as_imported(make_dataset: Callable[..., Dataset], tmp_path: Path) -> None:
    for name in ("zebra", "ape", ".ape.partial"):
        write_dataset(make_dataset(name), tmp_path / name)
    (tmp_path / "empty").mkdir()
    assert imported_names(tmp_path) == ("ape", "zebra")
    assert imported_names(tmp_path / "absent") == ()


def test_a_grid_of_simbench_is_a_dataset_of_its_loads_and_inverters(tmp_path: Path) -> None:
    whole = open_source(SIMBENCH_NAME, locate_source(SIMBENCH_NAME, [], tmp_path))
    for name in GRIDS:
        grid = open_source(name, locate_source(name, [], tmp_path))
        loads = grid.meters["meter_id"].isin(whole.meters["meter_id"])
        ours = whole.meters[whole.meters["district"] == name]
        pd.testing.assert_frame_equal(grid.meters[loads].reset_index(drop=True), ours.reset_index(drop=True))
        assert grid.info.name == name and "ODbL" in grid.info.licence and "SimBench" in grid.info.citation
        assert grid.meters["meter_id"][~loads].str.startswith(f"{name}/").all() and (~loads).any()
        readings = check_readings(grid.readings)
        assert len(readings) == len(grid.meters) * 366 * 24 and (readings["kwh"] >= 0).all()
        sun = readings[readings["meter_id"].isin(grid.meters["meter_id"][~loads])]
        assert (sun.groupby(sun["timestamp"].dt.hour)["kwh"].mean().loc[[0, 23]] < 0.01).all()
