import hashlib
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from metrify.config.home import DATA_VARIABLE
from metrify.errors import DatasetError
from metrify.readings.matrix import to_matrix
from metrify.readings.schema import check_readings
from metrify.readings.sources import locate_source, open_source
from metrify.readings.sources.public_sets import PUBLIC_SETS, find_public_set, read_public_set
from metrify.readings.weather import check_weather

DATA_DIR = Path(os.environ.get(DATA_VARIABLE, Path(__file__).parents[5] / "shared" / "data"))
LONDON_NAME = "london_hourly_2013"
LONDON = find_public_set(LONDON_NAME)
FILE = LONDON.file


def test_without_a_data_folder_the_mend_is_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="is not shipped") as raised:
        locate_source(LONDON_NAME, [], tmp_path)
    assert DATA_VARIABLE in raised.value.mend


def test_a_folder_without_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=FILE) as raised:
        locate_source(LONDON_NAME, [tmp_path], tmp_path)
    assert DATA_VARIABLE in raised.value.mend


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("meter_id,timestamp,kwh\n")
    with pytest.raises(DatasetError, match="can't be read as Parquet"):
        open_source(LONDON_NAME, locate_source(LONDON_NAME, [tmp_path], tmp_path))


def test_a_file_without_the_columns_is_refused(tmp_path: Path) -> None:
    pd.DataFrame({"meter_id": ["a"], "kwh": [1.0]}).to_parquet(tmp_path / FILE)
    with pytest.raises(DatasetError, match="timestamp"):
        read_public_set(LONDON, tmp_path / FILE)


@pytest.mark.parametrize("stamps", [["2013-01-01 00:00", "2013-01-01 01:00"], [0, 3600]])
def test_a_copy_in_other_types_keeps_the_contract(tmp_path: Path, stamps: list) -> None:
    times = pd.to_datetime(stamps, unit="s" if isinstance(stamps[0], int) else None)
    pd.DataFrame({"meter_id": [7, 7], "timestamp": times, "kwh": [0.5, 0.25]}).to_parquet(tmp_path / FILE)
    dataset = read_public_set(LONDON, tmp_path / FILE)
    assert check_readings(dataset.readings)["meter_id"].tolist() == ["7", "7"]
    assert dataset.meters["group"].tolist() == ["7"]


@pytest.mark.skipif(not (DATA_DIR / FILE).is_file(), reason=f"{DATA_DIR / FILE} is missing; set {DATA_VARIABLE}")
def test_the_real_households_keep_the_contract() -> None:
    dataset = read_public_set(LONDON, DATA_DIR / FILE)
    readings = check_readings(dataset.readings)
    matrix = to_matrix(readings, dataset.info.resolution_minutes)
    assert np.isfinite(matrix.kwh).sum() == len(readings) == 5_203_423
    assert matrix.meter_ids.tolist() == sorted(dataset.meters["meter_id"])
    assert dataset.meters["group"].nunique() == len(dataset.meters) == 618
    assert 0.1 < np.nanmean(matrix.kwh) < 1  # kWh in an hour of a household


@pytest.mark.parametrize("public", PUBLIC_SETS, ids=lambda public: public.name)
def test_the_real_files_are_the_ones_that_are_named(public) -> None:
    path = DATA_DIR / public.file
    if not path.is_file():
        pytest.skip(f"{public.file} is missing; set {DATA_VARIABLE} to the folder that holds it")
    with path.open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == public.sha256
    if pq.read_metadata(path).num_rows < 200_000:
        dataset = read_public_set(public, path)
        check_readings(dataset.readings)
        to_matrix(dataset.readings, public.resolution_minutes)


def test_weather_beside_a_set_is_taken_as_observed(tmp_path: Path) -> None:
    stamps = pd.to_datetime(["2013-01-01 00:00", "2013-01-01 01:00"])
    pd.DataFrame({"meter_id": ["a", "a"], "timestamp": stamps, "kwh": [0.5, 0.25]}).to_parquet(tmp_path / FILE)
    weather = {"station": "s", "timestamp": stamps, "temp_c": [1.0, 2.0], "rel_humidity_pct": 50.0}
    pd.DataFrame(weather).to_parquet(tmp_path / LONDON.collection.weather_file)
    checked = check_weather(read_public_set(LONDON, tmp_path / FILE).weather)
    assert checked["temperature_c"].tolist() == [1.0, 2.0]
    assert checked["issued_at"].isna().all()


def test_what_is_known_of_meters_beside_a_set_is_taken(tmp_path: Path) -> None:
    stamps = pd.to_datetime(["2013-01-01 00:00", "2013-01-01 00:00"])
    pd.DataFrame({"meter_id": ["b", "a"], "timestamp": stamps, "kwh": [0.5, 0.25]}).to_parquet(tmp_path / FILE)
    classes = {"tariff": ["Std"], "acorn": ["ACORN-E"], "acorn_group": [None]}
    pd.DataFrame({"meter_id": ["a"], **classes, "kwh_2013": [9.0]}).to_parquet(tmp_path / "london_meters.parquet")
    meters = read_public_set(LONDON, tmp_path / FILE).meters.set_index("meter_id")
    assert list(meters) == ["group", "district", "tariff", "acorn", "acorn_group"]
    assert meters.loc["a"].tolist() == ["a", "London", "Std", "ACORN-E", ""]
    assert meters.loc["b"].tolist() == ["b", "London", "", "", ""]
