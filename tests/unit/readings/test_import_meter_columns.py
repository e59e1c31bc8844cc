"""Further columns of a meters file are kept if they are named, as texts, and never with a meter number in them."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from metrify.config import Home
from metrify.errors import DatasetError, ReadingsError
from metrify.readings.dataset import read_dataset
from metrify.readings.sources.import_settings import remembered_settings
from metrify.readings.sources.table_source import TableSource
from metrify.steps.import_dataset import import_dataset

from .tables import add_table, read_table

READINGS = "meter_id,timestamp,kwh\na,2024-01-01 00:00,1\nb,2024-01-01 00:00,2\n"
TARIFF = {"tariff": "Tariff code"}


def table(folder: Path, meters: str, **columns: str) -> TableSource:
    readings, listed = folder / "readings.csv", folder / "meters.csv"
    readings.write_text(READINGS)
    listed.write_text(meters)
    return TableSource(readings, "ours", meters=listed, meter_columns=columns)


def values_of(meters: pd.DataFrame, column: str) -> dict[str, str | None]:
    return dict(zip(meters["meter_id"], meters[column].where(meters[column].notna(), None), strict=True))


def test_what_is_named_is_kept_and_nothing_else(tmp_path: Path) -> None:
    meters = "meter_id,Tariff code,name\na, ToU ,Ada\nb,,Bob\n"
    found = read_table(table(tmp_path, meters, tariff="Tariff code")).dataset.meters
    assert list(found) == ["meter_id", "group", "district", "tariff"]
    assert values_of(found, "tariff") == {"a": "ToU", "b": None}


def test_numbers_and_truths_of_parquet_become_texts(tmp_path: Path) -> None:
    source = table(tmp_path, "")
    path = tmp_path / "meters.parquet"
    pq.write_table(pa.table({"meter_id": ["a", "b"], "rooms": [3.0, None], "heat_pump": [True, False]}), path)
    columns = {"rooms": "rooms", "heat_pump": "heat_pump"}
    found = read_table(TableSource(source.path, "ours", meters=path, meter_columns=columns)).dataset.meters
    assert values_of(found, "rooms") == {"a": "3", "b": None}
    assert values_of(found, "heat_pump") == {"a": "true", "b": "false"}


def test_what_nothing_says_anything_of_is_kept_empty(tmp_path: Path) -> None:
    found = read_table(table(tmp_path, "meter_id,tariff\na,\nb,\n", tariff="tariff")).dataset.meters
    assert values_of(found, "tariff") == {"a": None, "b": None}


def test_later_files_correct_it_and_empty_cells_take_nothing_back(tmp_path: Path) -> None:
    add_table(table(tmp_path, "meter_id,tariff\na,Std\nb,Std\n", tariff="tariff"), None, tmp_path / "one")
    second = table(tmp_path, "meter_id,tariff,rooms\na,,\nb,ToU,\nc,Std,\n", tariff="tariff", rooms="rooms")
    second.path.write_text("meter_id,timestamp,kwh\na,2024-01-02 00:00,1\nb,2024-01-02 00:00,1\nc,2024-01-02 00:00,1\n")
    found = add_table(second, tmp_path / "one", tmp_path / "two").dataset.meters
    assert values_of(found, "tariff") == {"a": "Std", "b": "ToU", "c": "Std"}
    assert values_of(found, "rooms") == {"a": None, "b": None, "c": None}


@pytest.mark.parametrize("cell", ["a", "b", "c"])
def test_a_column_that_names_meters_is_refused_without_naming_one(tmp_path: Path, cell: str) -> None:
    """Also one that has no reading."""
    source = table(tmp_path, f"meter_id,serial\na,{cell}\nb,7\nc,8\n", serial="serial")
    with pytest.raises(ReadingsError, match=r"^The column 'serial' holds meter numbers\.") as raised:
        read_table(source)
    assert "what meters have in common" in raised.value.mend


def test_a_column_that_the_file_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReadingsError, match=r"meters.csv lacks the column 'Tariff code' for tariff") as raised:
        read_table(table(tmp_path, "meter_id,tariff\na,Std\nb,Std\n", **TARIFF))
    assert "--column" not in raised.value.mend


@pytest.mark.parametrize(
    ("name", "problem"),
    [("district", "district is no further column of meters"), ("kind of home", "'kind of home' can't name a column")],
)
def test_a_name_that_can_not_be_is_refused(tmp_path: Path, name: str, problem: str) -> None:
    with pytest.raises(DatasetError, match=problem):
        table(tmp_path, "", **{name: "x"}).check_options()


def test_it_comes_to_a_dataset_that_is_there_and_is_remembered(tmp_path: Path, metrify_home: Path) -> None:
    home = Home(metrify_home)
    source = table(tmp_path, "meter_id,tariff\na,Std\nb,ToU\n", tariff="tariff")
    import_dataset(TableSource(source.path, "ours"), home=home)
    folder = home.datasets / "ours"
    assert remembered_settings(folder)["meter_columns"] == {}
    assert import_dataset(source, append=True, home=home).is_replay
    assert sorted(read_dataset(folder).meters["tariff"]) == ["Std", "ToU"]
    source.path.write_text(READINGS.replace("2024-01-01", "2024-01-02"))
    import_dataset(source, append=True, home=home)
    assert remembered_settings(folder)["meter_columns"] == {"tariff": "tariff"}
