from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from metrify.errors import DatasetError, ReadingsError
from metrify.readings.dataset import (
    INFO_FILE,
    METERS_FILE,
    READINGS_FILE,
    Dataset,
    fingerprint,
    read_dataset,
    write_dataset,
)

FILES = [READINGS_FILE, METERS_FILE, INFO_FILE]
MakeDataset = Callable[..., Dataset]


def test_what_is_written_is_read(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset()
    write_dataset(dataset, tmp_path / "tiny")
    loaded = read_dataset(tmp_path / "tiny")
    assert loaded.info == dataset.info
    pd.testing.assert_frame_equal(loaded.readings, dataset.readings)
    pd.testing.assert_frame_equal(loaded.meters, dataset.meters)


def test_a_dataset_replaces_the_one_before_it(make_dataset: MakeDataset, tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    write_dataset(make_dataset("old"), folder)
    (folder / "weather.parquet").touch()
    write_dataset(make_dataset("new"), folder)
    assert read_dataset(folder).info.name == "new"
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    assert list(tmp_path.iterdir()) == [folder]


def test_bad_readings_are_refused_before_anything_is_written(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset()
    with pytest.raises(ReadingsError):
        write_dataset(replace(dataset, readings=dataset.readings.assign(kwh=np.nan)), tmp_path / "new" / "tiny")
    assert not list(tmp_path.iterdir())


def test_a_write_that_fails_half_way_leaves_the_dataset_before_it(make_dataset: MakeDataset, tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    write_dataset(make_dataset("old"), folder)
    before = fingerprint(folder)
    unwritable = pd.DataFrame({"meter_id": ["a", 1]})  # Parquet takes no column of two types
    with pytest.raises(pa.ArrowTypeError):
        write_dataset(replace(make_dataset("new"), meters=unwritable), folder)
    assert fingerprint(folder) == before
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(make_dataset: MakeDataset, tmp_path: Path, name: str) -> None:
    write_dataset(make_dataset(), tmp_path / "tiny")
    (tmp_path / "tiny" / name).unlink()
    with pytest.raises(DatasetError, match=rf"tiny lacks {name}\.") as raised:
        read_dataset(tmp_path / "tiny")
    assert "metrify data import" in raised.value.mend


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="absent lacks"):
        read_dataset(tmp_path / "absent")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", [b"", b"\x00\xff damaged", b"- a list\n", b"name: tiny\n", b"a: [\n"])
def test_a_damaged_file_is_refused(make_dataset: MakeDataset, tmp_path: Path, name: str, content: bytes) -> None:
    write_dataset(make_dataset(), tmp_path / "tiny")
    (tmp_path / "tiny" / name).write_bytes(content)
    with pytest.raises(DatasetError, match="tiny can't be read") as raised:
        read_dataset(tmp_path / "tiny")
    assert raised.value.mend


@pytest.mark.parametrize("name", FILES)
def test_the_fingerprint_sees_every_file(make_dataset: MakeDataset, tmp_path: Path, name: str) -> None:
    for folder in ("one", "same"):
        write_dataset(make_dataset(), tmp_path / folder)
    assert fingerprint(tmp_path / "one") == fingerprint(tmp_path / "same")
    with (tmp_path / "same" / name).open("ab") as file:
        file.write(b"\n")
    assert fingerprint(tmp_path / "one") != fingerprint(tmp_path / "same")
