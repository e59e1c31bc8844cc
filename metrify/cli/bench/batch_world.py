"""A home with many meters for the benchmark of batch forecasts: measured windows under many names, and a model."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from metrify.adapters.offline_windows import WINDOWS_FILE, windows_table
from metrify.config import Home, MetrifyConfig
from metrify.readings.dataset import METERS_FILE, read_info, write_info
from metrify.steps.fit_cold_start import fit_cold_start
from metrify.steps.prepare_training_set import prepare_training_set
from metrify.steps.train_forecaster import train_forecaster
from metrify.steps.training_set import read_training_set
from metrify.steps.write_bundle import write_bundle

SOURCE = "simbench"
_WINDOWS_PER_GROUP = 20_000


def prepare_world(home: Home, config: MetrifyConfig) -> Path:
    """Trains a model for one epoch on SimBench, exports it as the training pipeline does, and returns its bundle.

    Its accuracy, which nobody asks for, is left out of the bundle.
    """
    folder = home.root / "training"
    training_set = prepare_training_set(SOURCE, folder, config, home)
    names = ("model", "curve", "description", "metrics", "reference", "limits", "card", "cold_start", "bundle")
    paths = {name: folder / name for name in names}
    train_forecaster(training_set, paths["model"], paths["curve"], paths["description"], config, home)
    fit_cold_start(training_set, paths["cold_start"], config)
    for name in ("metrics", "limits"):
        paths[name].write_text(json.dumps({}), encoding="utf-8")
    paths["card"].write_text("# For a benchmark\n", encoding="utf-8")
    pd.DataFrame({"change_log_mean": [0.0]}).to_parquet(paths["reference"])
    write_bundle(
        paths["description"],
        paths["model"],
        paths["metrics"],
        paths["reference"],
        paths["limits"],
        paths["card"],
        paths["cold_start"],
        paths["bundle"],
        "bench",
        home,
    )
    return Path(paths["bundle"].read_text(encoding="utf-8"))


def fill_world(home: Home, meters: int) -> Path:
    """Puts a window of each of many meters into the feature store; returns the dataset that names the meters.

    The windows are those of the training set, over and over, each at its own midnight.
    """
    data = read_training_set(home.root / "training" / "training_set")
    dataset = home.root / f"dataset-{meters}"
    dataset.mkdir(parents=True)
    names = np.array([f"m_{number:024x}" for number in range(meters)], dtype=object)
    pq.write_table(pa.table({"meter_id": pa.array(names, pa.string())}), dataset / METERS_FILE)
    write_info(dataset, read_info(home.root / "training" / "dataset"))
    schema = windows_table(names[:0], pd.DatetimeIndex([], tz="UTC"), data.windows[:0]).schema
    with pq.ParquetWriter(home.feature_store / WINDOWS_FILE, schema, compression="zstd", compression_level=1) as writer:
        for first in range(0, meters, _WINDOWS_PER_GROUP):
            number = np.arange(first, min(first + _WINDOWS_PER_GROUP, meters))
            rows = number % len(data.origins)
            ends = pd.DatetimeIndex(data.origins[rows], tz="UTC")
            writer.write_table(windows_table(names[number], ends, data.windows[rows]))
    return dataset
