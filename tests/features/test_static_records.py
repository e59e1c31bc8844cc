"""What is known of meters online: what a server finds is what the training set holds, and backfills bring it."""

import asyncio
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metrify.adapters import feature_store
from metrify.adapters.feature_repository import STATIC_VIEW
from metrify.adapters.online_windows import RedisWindowReader
from metrify.adapters.redis_address import RedisAddress
from metrify.adapters.static_records import write_static_records
from metrify.cli.bench.redis_server import RedisServer
from metrify.cli.data.latest_report import print_latest
from metrify.config import Home, MetrifyConfig, default_config
from metrify.errors import DatasetError, FeatureStoreError
from metrify.features.surroundings import Surroundings
from metrify.features.text_code import code_texts
from metrify.readings.dataset import METERS_FILE, Dataset, DatasetInfo, write_dataset
from metrify.steps.backfill_features import backfill_features
from metrify.steps.build_training_set import build_training_set
from metrify.steps.find_feature import find_feature
from metrify.steps.ingest_readings import ingest_readings
from metrify.steps.latest_features import latest_features
from metrify.steps.materialise_features import materialise_features
from metrify.steps.training_set import TrainingSet, read_training_set
from metrify.steps.validate_readings import validate_readings

from .conftest import METERS, Store

START, DAYS, LENGTH = pd.Timestamp("2024-03-10", tz="UTC"), 40, 48
IDS = [f"m_{number:024x}" for number in range(9)]
TARIFFS = ["Std", "ToU", "Std", None, "ToU", "Std", "ToU", "Std", "Std"]
LISTED = Surroundings(meters=pd.DataFrame({"meter_id": ["m_a", "m_c"], "district": "x", "rooms": [3.0, None]}))


def write_and_load(store: Store) -> None:
    views = write_static_records(store.home, "ours", LISTED, ("district",), store.online_until)
    assert views == {STATIC_VIEW: 2}
    feature_store.materialise_surroundings(store.home, store.online_until, views)


EXPECTED = ({"rooms": "3", "district": "x"}, None, {"rooms": "", "district": "x"})


def test_a_meter_has_what_is_known_of_it_and_a_stranger_nothing(own_store: Store) -> None:
    write_and_load(own_store)
    found = feature_store.OnlineWindowReader(own_store.home, with_static=True).read(METERS.tolist())
    assert found.static == EXPECTED
    assert feature_store.OnlineWindowReader(own_store.home).read(METERS.tolist()).static == ()


def test_redis_says_the_same(redis_store: Store, own_redis: RedisServer) -> None:
    write_and_load(redis_store)

    async def read() -> tuple:
        reader = RedisWindowReader(redis_store.home, RedisAddress.from_url(own_redis.url), with_static=True)
        try:
            return (await reader.read(METERS.tolist())).static
        finally:
            await reader.close()

    assert asyncio.run(read()) == EXPECTED


def test_where_there_is_nothing_to_read_the_records_go(tmp_path: Path) -> None:
    home, until = Home(tmp_path), START
    assert write_static_records(home, "ours", LISTED, (), until)
    plain = Surroundings(meters=LISTED.meters[["meter_id", "district"]])
    assert write_static_records(home, "ours", plain, (), until) == {}
    assert not list(home.feature_store.glob("*static*"))
    with pytest.raises(DatasetError, match="'ours' have no column tariff"):
        write_static_records(home, "ours", LISTED, ("tariff",), until)


def config(*columns: str) -> MetrifyConfig:
    values = default_config().model_dump()
    values["feature_engineering"].update(lookback_window=LENGTH, static_columns=columns)
    values["training"]["consumption_forecasting"].update(sequence_length=LENGTH)
    return MetrifyConfig.model_validate(values)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Path, Path]:
    """A home, a dataset whose meters have tariffs, and verdicts on it; the store is filled from it."""
    root = tmp_path_factory.mktemp("static")
    home, dataset, verdicts = Home(root / "home"), root / "dataset", root / "verdicts"
    stamps = pd.date_range(START, periods=DAYS * 24, freq="h", unit="us")
    kwh = np.random.default_rng(0).gamma(4, 0.1, len(IDS) * len(stamps)).astype(np.float32)
    times = stamps.append([stamps] * (len(IDS) - 1))
    readings = pd.DataFrame({"meter_id": np.repeat(IDS, len(stamps)), "timestamp": times, "kwh": kwh})
    meters = pd.DataFrame({"meter_id": IDS, "group": IDS, "district": "x", "tariff": TARIFFS, "serial": IDS[::-1]})
    write_dataset(
        Dataset(DatasetInfo("ours", 60, "Europe/Berlin", "DE", "-", "-"), readings, meters), home.datasets / "ours"
    )
    ingest_readings("ours", dataset, home)
    validate_readings(dataset, verdicts, config("tariff"), home)
    figures = materialise_features(dataset, verdicts, root / "until", config("tariff"), home)
    assert figures["meter_static_rows"] == len(IDS)
    return home, dataset, verdicts


@pytest.fixture(scope="module")
def training_set(folders: tuple[Home, Path, Path], tmp_path_factory: pytest.TempPathFactory) -> TrainingSet:
    home, dataset, verdicts = folders
    output = tmp_path_factory.mktemp("set")
    build_training_set(dataset, verdicts, output, config("tariff"), home)
    return read_training_set(output)


def test_what_is_found_online_is_what_training_sees(folders, training_set: TrainingSet) -> None:
    reader = feature_store.OnlineWindowReader(folders[0], with_static=True)
    records = reader.read(training_set.meter_ids.tolist()).static
    assert [record["tariff"] for record in records if record] == training_set.static["tariff"].tolist()
    told = dict(zip(training_set.meter_ids, training_set.static["tariff"], strict=True))
    assert told == {meter: tariff or "" for meter, tariff in zip(IDS, TARIFFS, strict=True)}


def test_people_see_what_a_server_computes(folders, capsys: pytest.CaptureFixture[str]) -> None:
    home = folders[0]
    found = latest_features([find_feature("static_tariff")], [IDS[1], IDS[3]], 24, home)
    assert found.values["static_tariff@1"].tolist() == [*code_texts(["ToU"]), 0]
    print_latest(found, pd.Timestamp("2024-06-01", tz="UTC"))
    assert f"static_tariff@1  {code_texts(['ToU'])[0]:.3f}" in capsys.readouterr().out
    with pytest.raises(FeatureStoreError, match=f"{IDS[0]}: no dwelling of the meter is at hand"):
        latest_features([find_feature("static_dwelling@1")], [IDS[0]], 24, home)


@pytest.mark.parametrize(
    ("column", "problem"),
    [("dwelling", "'ours' have no column dwelling"), ("serial", "serial of 'ours' has 9 values for 9 meters")],
)
def test_a_column_that_is_lacking_or_names_meters_is_not_trained_on(
    folders, column: str, problem: str, tmp_path: Path
) -> None:
    home, dataset, verdicts = folders
    with pytest.raises(DatasetError, match=problem):
        build_training_set(dataset, verdicts, tmp_path, config(column), home)


def test_a_backfill_brings_what_became_known_since(folders) -> None:
    home = folders[0]
    path = home.datasets / "ours" / METERS_FILE
    kept = path.read_bytes()
    try:
        pd.read_parquet(path).assign(tariff="Eco", heating="gas").to_parquet(path)
        backfill_features(home)
        record = feature_store.OnlineWindowReader(home, with_static=True).read(IDS[:1]).static[0]
        assert record is not None
        assert (record["tariff"], record["heating"]) == ("Eco", "gas")
    finally:
        path.write_bytes(kept)
        backfill_features(home)
