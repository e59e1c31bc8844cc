from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from metrify.config import Home
from metrify.errors import DatasetError, ReadingsError
from metrify.privacy.pseudonyms import PSEUDONYM_KEY_FILE, is_pseudonym, load_or_create_key, pseudonymise
from metrify.readings.dataset import read_dataset
from metrify.readings.sources import SOURCES
from metrify.readings.sources.table_source import TableSource
from metrify.steps.import_dataset import import_dataset
from metrify.steps.ingest_readings import ingest_readings

# As long as real numbers, so that no pseudonym holds one by chance.
FIRST, SECOND, SILENT = "1012345678901", "1012345678902", "1012345678903"


@pytest.fixture
def source(tmp_path: Path) -> TableSource:
    path = tmp_path / "readings.csv"
    path.write_text(
        f"meter_id,timestamp,kwh\n{FIRST},2024-01-01 00:00,1\n{SECOND},2024-01-01 00:00,2\n{SECOND},2024-01-01 01:00,\n"
    )
    meters = tmp_path / "meters.csv"
    meters.write_text(f"meter_id,group,district\n{FIRST},{FIRST},north\n{SECOND},shops,north\n{SILENT},shops,north\n")
    return TableSource(path, "ours", licence="CC0", citation="nobody", meters=meters)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def test_a_table_becomes_a_dataset_without_meter_numbers(source: TableSource, home: Home) -> None:
    imported = import_dataset(source, home=home)
    assert (imported.meters, imported.readings, imported.silent_meters, imported.arrival.missing) == (2, 2, 1, 1)
    dataset = read_dataset(home.datasets / "ours")
    key = load_or_create_key(home.keys / PSEUDONYM_KEY_FILE)
    pseudonyms = [pseudonymise(number, key) for number in (FIRST, SECOND)]
    assert sorted(dataset.readings["meter_id"]) == sorted(pseudonyms)
    groups = dict(zip(dataset.meters["meter_id"], dataset.meters["group"], strict=True))
    assert groups == {pseudonyms[0]: pseudonyms[0], pseudonyms[1]: "shops"}
    assert (dataset.info.name, dataset.info.licence, dataset.info.citation) == ("ours", "CC0", "nobody")
    written = dataset.readings.to_csv() + dataset.meters.to_csv() + str(dataset.info)
    written += "".join(pd.read_parquet(path).to_csv() for path in (home.datasets / "ours").glob("*.parquet"))
    written += "".join(path.read_text("latin-1") for path in (home.datasets / "ours").iterdir())
    assert pseudonyms[0] in written
    assert not [number for number in (FIRST, SECOND, SILENT) if number in written]


def test_the_pipeline_takes_it_by_its_name(source: TableSource, home: Home, tmp_path: Path) -> None:
    import_dataset(source, home=home)
    assert ingest_readings("ours", tmp_path / "ingested", home) == {"meters": 2, "readings": 2, "profiles": 2}
    assert all(map(is_pseudonym, read_dataset(tmp_path / "ingested").meters["meter_id"]))


def test_a_taken_name_is_only_replaced_if_asked(source: TableSource, home: Home) -> None:
    import_dataset(source, home=home)
    with pytest.raises(DatasetError, match="'ours' already") as raised:
        import_dataset(replace(source, unit="Wh"), home=home)
    assert "--replace" in raised.value.mend
    assert read_dataset(home.datasets / "ours").readings["kwh"].max() == 2
    import_dataset(replace(source, unit="Wh"), replace=True, home=home)
    assert read_dataset(home.datasets / "ours").readings["kwh"].max() == pytest.approx(0.002)


@pytest.mark.parametrize("name", ["", ".", "..", ".ours", "a/b", "../ours", "a b", "/ours", "x" * 65, "ours\n"])
def test_a_name_that_is_no_folder_name_is_refused(source: TableSource, home: Home, name: str) -> None:
    with pytest.raises(DatasetError, match="can't name a dataset"):
        import_dataset(replace(source, name=name), replace=True, home=home)
    assert not home.root.exists()


@pytest.mark.parametrize("name", SOURCES)
def test_a_built_in_name_is_refused(source: TableSource, home: Home, name: str) -> None:
    with pytest.raises(DatasetError, match="built-in"):
        import_dataset(replace(source, name=name), replace=True, home=home)


def test_a_refused_table_leaves_the_old_dataset_alone(source: TableSource, home: Home) -> None:
    import_dataset(source, home=home)
    source.path.write_text(f"meter_id,timestamp,kwh\n{FIRST},yesterday,1\n")
    with pytest.raises(ReadingsError):
        import_dataset(source, replace=True, home=home)
    assert [path.name for path in home.datasets.iterdir()] == ["ours"]
    assert len(read_dataset(home.datasets / "ours").readings) == 2


def test_of_two_first_imports_at_once_one_is_told_to_add(source: TableSource, home: Home) -> None:
    taken: list[str] = []

    def run() -> None:
        try:
            import_dataset(source, home=home)
        except DatasetError as error:
            taken.append(error.mend)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(run) for _ in range(2)]:
            done.result()
    assert len(taken) == 1 and "--append" in taken[0]


def test_a_dataset_that_was_being_replaced_is_put_back(source: TableSource, home: Home, tmp_path: Path) -> None:
    import_dataset(source, home=home)
    (home.datasets / "ours").rename(home.datasets / ".ours.replaced")  # as a stop between the two renames leaves it
    assert ingest_readings("ours", tmp_path / "ingested", home)["readings"] == 2
    assert [path.name for path in home.datasets.iterdir()] == ["ours"]
