"""Measures the import of long files: time and memory, in a process of its own."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from metrify.cli.bench.report import Row

_CHUNK_ROWS = 2_000_000
_INTERVALS_PER_YEAR = 17_520
_PARQUET_ROWS, _CSV_ROWS = 200_000_000, 20_000_000
_QUICK_SHARE = 40
_KIB_PER_GB = 1e9 / 1024
_SCHEMA = pa.schema([("meter_id", pa.string()), ("timestamp", pa.timestamp("s")), ("kwh", pa.float64())])


def measure_import(quick: bool, tell: Callable[[str], None]) -> list[Row]:
    """Imports half-hourly readings in the order of time, the hardest for an import that sorts by meter."""
    share = _QUICK_SHARE if quick else 1
    rows: list[Row] = []
    for kind, count, target in (("parquet", _PARQUET_ROWS // share, 2.0), ("csv", _CSV_ROWS // share, None)):
        tell(f"importing {count:,} rows of {kind}")
        with tempfile.TemporaryDirectory(prefix="metrify-bench-") as folder:
            path = Path(folder) / f"readings.{kind}"
            (_write_parquet if kind == "parquet" else _write_csv)(path, count)
            seconds, peak_gb = _import_in_child(path, Path(folder) / "home")
        name = f"import.{kind}_{count / 1e6:g}m"
        rows.append(Row(f"{name}.peak_memory_gb", peak_gb, "GB", target, "<=" if target else None))
        rows.append(Row(f"{name}.rows_per_second", count / seconds, "1/s"))
    return rows


def _import_in_child(path: Path, home: Path) -> tuple[float, float]:
    command = [sys.executable, "-m", "metrify", "data", "import", "--name", "bench", "--readings", str(path)]
    command += ["--resolution", "30", "--timezone", "UTC", "--json"]
    started = time.perf_counter()
    environment = {**os.environ, "METRIFY_HOME": str(home)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return time.perf_counter() - started, _peak_gb(usage)


def _peak_gb(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / _KIB_PER_GB


def _readings(count: int) -> Iterator[pa.Table]:
    """Half-hourly readings of one year, interval after interval, each with all meters."""
    generator = np.random.default_rng(0)
    meters = -(-count // _INTERVALS_PER_YEAR)
    numbers = pa.array([f"10{number:011d}" for number in range(meters)])
    first = np.datetime64("2023-01-01T00:00:00", "s")
    for start in range(0, count, _CHUNK_ROWS):
        row = np.arange(start, min(start + _CHUNK_ROWS, count))
        names = pa.DictionaryArray.from_arrays(pa.array((row % meters).astype(np.int32)), numbers).cast(pa.string())
        stamps = first + (row // meters) * np.timedelta64(30, "m")
        yield pa.table([names, stamps, generator.gamma(1.0, 0.2, len(row)).round(3)], schema=_SCHEMA)


def _write_parquet(path: Path, count: int) -> None:
    with pq.ParquetWriter(path, _SCHEMA, compression="zstd") as writer:
        for table in _readings(count):
            writer.write_table(table)


def _write_csv(path: Path, count: int) -> None:
    with pa_csv.CSVWriter(path, _SCHEMA) as writer:
        for table in _readings(count):
            writer.write_table(table)
