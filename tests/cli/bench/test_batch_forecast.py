"""The benchmark of batch forecasts: its peer does the same work, which is what makes their times comparable."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metrify.cli.bench.batch_process import run_together
from metrify.cli.bench.batch_world import fill_world, prepare_world
from metrify.config import Home, load_config

_METERS = 60


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("batch"))


def test_the_loop_over_data_frames_forecasts_what_shards_and_their_merge_do(home: Home) -> None:
    config = load_config(None).with_forecasting(model_type="context", lstm_units=4, epochs=1, max_training_windows=200)
    bundle = prepare_world(home, config)
    dataset, root = fill_world(home, _METERS), str(home.root)
    shard, peer = str(home.root / "shard-0"), str(home.root / "peer-0")
    run_together([["score", root, str(dataset), str(bundle), "0/1", shard]])
    merged = run_together([["merge", root, shard]])
    run_together([["peer", root, str(bundle), "0/1", peer]])
    ours, theirs = (_forecasts(path) for path in (home.root / "merged.parquet", Path(peer)))
    quantiles = [column for column in theirs if column.startswith("kwh_")]
    assert len(quantiles) == 5 and ours["meter_id"].nunique() == _METERS
    np.testing.assert_array_equal(ours["meter_id"], theirs["meter_id"])
    np.testing.assert_allclose(ours[quantiles], theirs[quantiles], rtol=1e-4, atol=1e-6)
    assert merged.cpu_seconds > 0 and merged.peak_gb > 0


def _forecasts(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path).sort_values(["meter_id", "interval"], ignore_index=True)
