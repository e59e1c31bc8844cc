"""Processes of the benchmark of batch forecasts: each scores a shard or merges shards, and tells what that took."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from metrify.adapters.offline_windows import WINDOWS_FILE
from metrify.bundles.load import load_bundle
from metrify.bundles.signature import PUBLIC_KEY_FILE, load_public_key
from metrify.config import Home
from metrify.features.batch import FeatureBatch
from metrify.features.specification import compute_features
from metrify.features.windows import cut_stored
from metrify.forecasting.forecast_table import quantile_column
from metrify.forecasting.onnx_model import OnnxModel
from metrify.readings.shards import Shard
from metrify.steps.merge_forecasts import merge_forecasts
from metrify.steps.score_meters import score_meters

_PROGRAM = f"from {__name__} import main; main()"
_KIB_PER_GB = 1e9 / 1024
_STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class ProcessCost:
    """What processes that ran at the same time took.

    Attributes:
        seconds: From the start of the first to the end of the last, imports included.
        cpu_seconds: Of all of them.
        peak_gb: The highest peak of the resident memory of one.
    """

    seconds: float
    cpu_seconds: float
    peak_gb: float


def run_together(commands: Sequence[Sequence[str]]) -> ProcessCost:
    """Runs `score`, `merge` or `peer` processes side by side.

    Args:
        commands: The arguments of each: what it does, and paths.
    """
    started = time.perf_counter()
    programs = [[sys.executable, "-c", _PROGRAM, *command] for command in commands]
    processes = [subprocess.Popen(program, stdout=subprocess.PIPE, text=True) for program in programs]
    told = []
    for process in processes:
        printed, _ = process.communicate()
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, process.args)
        told.append(json.loads(printed.splitlines()[-1]))
    seconds = time.perf_counter() - started
    return ProcessCost(seconds, sum(cost["cpu_seconds"] for cost in told), max(cost["peak_gb"] for cost in told))


def main() -> None:
    """What runs in a process."""
    kind, root, *paths = sys.argv[1:]
    _KINDS[kind](Home(Path(root)), *paths)
    print(json.dumps({"cpu_seconds": time.process_time(), "peak_gb": _peak_gb()}))


def _peak_gb() -> float:
    """Peak of this process alone; `getrusage` tells that of the process which started it where that was larger."""
    lines = dict(line.split(":", 1) for line in _STATUS.read_text(encoding="ascii").splitlines())
    return int(lines["VmHWM"].removesuffix("kB")) / _KIB_PER_GB


def _score(home: Home, dataset: str, bundle: str, shard: str, output: str) -> None:
    score_meters(Path(dataset), Path(bundle), Path(output), Path(f"{output}.refused"), shard=shard, home=home)


def _merge(home: Home, *shards: str) -> None:
    forecasts, refused = ([Path(f"{path}{suffix}") for path in shards] for suffix in ("", ".refused"))
    merge_forecasts(forecasts, refused, home.root / "merged.parquet", home.root / "merged.refused.parquet")


def _score_with_pandas(home: Home, bundle: str, shard: str, output: str) -> None:
    """The loop that one would write first: a data frame for each row group, in and out."""
    model = load_bundle(Path(bundle), load_public_key(home.keys / PUBLIC_KEY_FILE))
    manifest, graph, own = model.manifest, OnnxModel(model.model_path), Shard.parse(shard)
    parts = []
    with pq.ParquetFile(home.feature_store / WINDOWS_FILE) as file:
        for group in range(file.num_row_groups):
            frame = file.read_row_group(group).to_pandas()
            frame = frame[own.holds(frame["meter_id"].to_numpy())]
            ends = pd.to_datetime(frame["window_end"], unit="s", utc=True)
            stamps = ends.dt.tz_localize(None).to_numpy("datetime64[s]")
            names = frame["meter_id"].to_numpy()
            windows = cut_stored(np.stack(frame["load_window"].to_list()), manifest.sequence_length)
            batch = FeatureBatch(windows, stamps, manifest.context, meter_ids=names)
            quantiles = graph.predict_in_batches(compute_features(model.features, batch))
            rows, horizon, _ = quantiles.shape
            long = {"meter_id": np.repeat(names, horizon), "origin": np.repeat(ends, horizon)}
            long["interval"] = np.tile(np.arange(horizon), rows)
            columns = [quantile_column(level) for level in manifest.quantiles]
            long |= {column: quantiles[..., number].ravel() for number, column in enumerate(columns)}
            parts.append(pd.DataFrame(long).assign(model_version=manifest.version, data_version=0))
    pd.concat(parts).sort_values(["meter_id", "interval"]).to_parquet(output, index=False, compression="zstd")


_KINDS: dict[str, Callable[..., None]] = {"score": _score, "merge": _merge, "peer": _score_with_pandas}
