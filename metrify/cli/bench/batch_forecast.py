"""Forecasts of a million meters by two processes: time, memory and scaling, beside a loop over data frames."""

import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from metrify.cli.bench.batch_process import ProcessCost, run_together
from metrify.cli.bench.batch_world import SOURCE, fill_world, prepare_world
from metrify.cli.bench.report import Row
from metrify.config import Home, MetrifyConfig
from metrify.readings.shards import shard_names

_MAX_SECONDS, _MAX_EXPONENT = 90.0, 1.1
_PROCESSES = 2
_SIZES, _QUICK_SIZES = (125_000, 250_000, 500_000, 1_000_000), (5_000, 10_000, 20_000, 40_000)
_TRAINING_WINDOWS = 2_000


@dataclass(frozen=True)
class _Batch:
    """What a batch took: the shards, then the merge."""

    scoring: ProcessCost
    merging: ProcessCost

    @property
    def seconds(self) -> float:
        return self.scoring.seconds + self.merging.seconds

    @property
    def peak_gb(self) -> float:
        return max(self.scoring.peak_gb, self.merging.peak_gb)


@dataclass(frozen=True)
class BatchBench:
    """The benchmark of one model.

    Attributes:
        config: Which model, and its sizes.
    """

    config: MetrifyConfig

    def measure(self, quick: bool, tell: Callable[[str], None]) -> list[Row]:
        """Trains a model and scores more and more meters with it.

        Args:
            quick: Forty thousand meters instead of a million.
            tell: Told what is measured next.
        """
        config = self.config.with_forecasting(epochs=1, max_training_windows=_TRAINING_WINDOWS)
        sizes = _QUICK_SIZES if quick else _SIZES
        with tempfile.TemporaryDirectory(prefix="metrify-bench-") as folder:
            home = Home(Path(folder))
            tell(f"training {config.training.consumption_forecasting.model_type} for one epoch")
            with redirect_stdout(sys.stderr):  # what steps print is no result
                bundle = prepare_world(home, config)
            batches = []
            for meters in sizes:
                tell(f"forecasting {meters:,} meters")
                dataset = fill_world(home, meters)
                batches.append(_measure(home, dataset, bundle, meters))
                if meters == sizes[0]:
                    tell("the same with data frames")
                    peer = _measure_peer(home, bundle)
        return _rows(sizes, batches, peer, bundle.name, config.feature_engineering.lookback_window)


def _measure(home: Home, dataset: Path, bundle: Path, meters: int) -> _Batch:
    shards = {shard: str(home.root / f"shard-{number}") for number, shard in enumerate(shard_names(_PROCESSES))}
    root = str(home.root)
    scoring = run_together([["score", root, str(dataset), str(bundle), *shard] for shard in shards.items()])
    merging = run_together([["merge", root, *shards.values()]])
    forecasts = pq.read_metadata(home.root / "merged.parquet").num_rows
    if forecasts % meters or not forecasts:
        raise RuntimeError(f"{forecasts} rows are no forecasts of {meters} meters")
    shutil.rmtree(dataset)
    return _Batch(scoring, merging)


def _measure_peer(home: Home, bundle: Path) -> ProcessCost:
    output = str(home.root / "peer")
    shards = enumerate(shard_names(_PROCESSES))
    return run_together(
        [["peer", str(home.root), str(bundle), shard, f"{output}-{number}"] for number, shard in shards]
    )


def _rows(sizes: tuple[int, ...], batches: list[_Batch], peer: ProcessCost, model: str, stored: int) -> list[Row]:
    largest, meters = batches[-1], sizes[-1]
    name = f"{meters // 1_000_000}m" if meters >= 1_000_000 else f"{meters // 1_000}k"
    seconds = [batch.seconds for batch in batches]
    exponent = float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])
    measured = "; ".join(
        f"{size:,} meters: {batch.seconds:.1f} s, of it {batch.merging.seconds:.1f} s to merge"
        for size, batch in zip(sizes, batches, strict=True)
    )
    note = (
        f"{model}, one epoch on {SOURCE}, exported as the training pipeline does it. {_PROCESSES} processes, a shard "
        f"and a thread each; imports and the merge included. A window of {stored} measured hours a meter, at its own "
        f"midnight. The peer: a data frame for each row group, in and out, as many processes, no merge; {sizes[0]:,} "
        f"meters took it {peer.seconds:.1f} s, which is multiplied here."
    )
    target = _MAX_SECONDS if sizes == _SIZES else None
    scaled = peer.seconds * meters / sizes[0]
    return [
        Row(f"forecast.batch_seconds_{name}", largest.seconds, "s", target, "<=", "pandas", scaled, note),
        Row("forecast.batch_cpu_seconds", largest.scoring.cpu_seconds + largest.merging.cpu_seconds, "s"),
        Row("forecast.batch_windows_per_second", meters / largest.seconds, "1/s"),
        Row(
            "forecast.batch_peak_memory_gb",
            largest.peak_gb,
            "GB",
            peer=f"pandas, {sizes[0]:,} meters",
            peer_value=peer.peak_gb,
            note="The highest peak of one process: " + ", ".join(f"{batch.peak_gb:.2f}" for batch in batches) + " GB.",
        ),
        Row("forecast.batch_scaling_exponent", exponent, "1", _MAX_EXPONENT, "<=", note=f"{measured}."),
    ]
