"""The table of features does not depend on how many shards computed it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metrify.config import Home, MetrifyConfig, default_config
from metrify.config.home import DATA_VARIABLE, HOME_VARIABLE
from metrify.config.loader import parse_config
from metrify.errors import ConfigError, DatasetError
from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.specification import compute_features
from metrify.readings.dataset import Dataset, DatasetInfo, write_dataset
from metrify.readings.shards import Shard, shard_names
from metrify.steps.accepted_readings import load_accepted_readings
from metrify.steps.compute_feature_table import compute_feature_table, table_features
from metrify.steps.merge_feature_tables import merge_feature_tables
from metrify.steps.validate_readings import validate_readings
from pipelines.run_local import LocalRun, run_local

from .conftest import METERS, SOURCE, config_text, write_households

WINDOW = 672


def run(home: Home, shards: int) -> LocalRun:
    arguments = {"source": SOURCE, "config_yaml": config_text(), "code_version": "test", "shards": shard_names(shards)}
    return run_local("feature_table", arguments, home)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, with_known_pseudonyms) -> Home:
    root = tmp_path_factory.mktemp("sharded")
    write_households(root / "data", noise=0.5)
    with pytest.MonkeyPatch.context() as patch:
        home = with_known_pseudonyms(Home(root / "home"))
        patch.setenv(HOME_VARIABLE, str(home.root))
        patch.setenv(DATA_VARIABLE, str(root / "data"))
        yield home


@pytest.fixture(scope="module")
def whole(home: Home) -> LocalRun:
    return run(home, 1)


def test_three_shards_give_the_same_file_as_one(home: Home, whole: LocalRun) -> None:
    merged = run(home, 3).output("merge-feature-tables", "merged")
    assert merged.read_bytes() == whole.output("merge-feature-tables", "merged").read_bytes()


def test_the_table_holds_what_a_server_would_compute(whole: LocalRun) -> None:
    table = pd.read_parquet(whole.output("merge-feature-tables", "merged"))
    dataset = whole.output("ingest-readings", "dataset")
    info, _, matrix = load_accepted_readings(dataset, whole.output("validate-readings", "verdicts"))
    config = parse_config(config_text())
    origin, context = 1_000, FeatureContext(WINDOW, 24, info.resolution_minutes, info.timezone, info.country)
    stamps = np.repeat(matrix.timestamps[[origin]].tz_localize(None).to_numpy("datetime64[s]"), METERS)
    batch = FeatureBatch(matrix.kwh[:, origin - WINDOW : origin], stamps, context)
    online = compute_features(table_features(config), batch)
    rows = table[table["origin"] == matrix.timestamps[origin]]
    assert rows["meter_id"].tolist() == matrix.meter_ids.tolist()
    for name, values in online.items():
        np.testing.assert_allclose(rows[name], values, rtol=1e-6, err_msg=name)
    assert len(online) >= 15 + 5


def test_every_meter_is_in_one_shard() -> None:
    meters = [f"m_{number:024x}" for number in range(1_000)]
    held = np.stack([Shard.parse(name).holds(meters) for name in shard_names(7)])
    assert (held.sum(axis=0) == 1).all()
    assert held.sum(axis=1).min() > 80


@pytest.mark.parametrize("text", ["", "1", "4/4", "a/b", "1/2/3"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is no shard"):
        Shard.parse(text)


def test_a_table_that_is_given_twice_is_refused(whole: LocalRun, tmp_path: Path) -> None:
    table = whole.output("merge-feature-tables", "merged")
    with pytest.raises(DatasetError, match="is in two tables"):
        merge_feature_tables([table, table], tmp_path / "merged")


def test_the_default_configuration_has_a_table() -> None:
    assert {"lag_24h", "rolling_mean_168h", "origin_hour"} <= {
        feature.name for feature in table_features(default_config())
    }


def test_short_gaps_are_imputed_as_in_the_windows_that_are_served(tmp_path: Path) -> None:
    stamps = pd.date_range("2024-01-01", periods=40 * 24, freq="h", tz="UTC", unit="us")
    kwh = np.random.default_rng(0).gamma(4, 0.1, len(stamps)).astype(np.float32)
    readings = pd.DataFrame({"meter_id": "a", "timestamp": stamps, "kwh": kwh}).drop(index=600)
    meters = pd.DataFrame({"meter_id": ["a"], "group": ["a"], "district": ["x"]})
    write_dataset(Dataset(DatasetInfo("ours", 60, "UTC", "GB", "-", "-"), readings, meters), tmp_path / "dataset")
    values = default_config().model_dump()
    values["quality"]["imputation"] = "same_hour"
    home, config = Home(tmp_path / "home"), MetrifyConfig.model_validate(values)
    validate_readings(tmp_path / "dataset", tmp_path / "verdicts", config, home)
    figures = compute_feature_table(tmp_path / "dataset", tmp_path / "verdicts", tmp_path / "table", config, home=home)
    table = pd.read_parquet(tmp_path / "table")
    assert figures["imputed_readings"] == 1
    expected = np.mean([kwh[600 - 168 * week] for week in (1, 2, 3)])
    assert table.loc[601, "lag_1h"] == pytest.approx(expected, rel=1e-6)
