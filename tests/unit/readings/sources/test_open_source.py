from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from metrify.errors import DatasetError
from metrify.readings.dataset import Dataset, write_dataset
from metrify.readings.sources import SOURCES, imported_names, locate_source, open_source


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
