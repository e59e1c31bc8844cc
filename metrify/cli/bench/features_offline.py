"""Lags, rolling statistics and the calendar of all meters at all hours: time and memory beside pandas and polars."""

import importlib.util
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import numpy as np

from metrify.cli.bench.panel_engines import compute_in_metrify, compute_in_pandas
from metrify.cli.bench.panel_process import PanelCost, draw_loads, measure_panel
from metrify.cli.bench.report import Row

_MAX_CPU_SECONDS = 1.0
_MIN_SPEEDUP = 7.0
_MAX_DIFFERENCE = 1e-5
_MAX_MEMORY_OVER_OUTPUT = 3.0
_MAX_EXPONENT = 1.1

# The GNU allocator then keeps what is freed, so that repeats of all sizes compute into memory that is there.
_KEEP_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**40)}


@dataclass(frozen=True)
class _Size:
    meters: int
    hours: int
    scaling_meters: tuple[int, ...]
    repeats: int
    peer_repeats: int


_FULL = _Size(370, 26_304, (38, 114, 380, 1_140), repeats=5, peer_repeats=3)
_QUICK = _Size(37, 8_784, (12, 37, 114), repeats=3, peer_repeats=1)


def measure_offline_features(quick: bool, tell: Callable[[str], None]) -> list[Row]:
    """CPU seconds, agreement, memory and scaling of the panel, beside pandas and polars.

    Args:
        quick: A tenth of the meters, a third of the time, and up to a million rows instead of thirty.
        tell: Told what is measured next.
    """
    size = _QUICK if quick else _FULL
    tell("compiling the kernels")
    rows = [_compilation()]

    def measure_peer(engine: str) -> float:
        tell(f"the same in {engine}")
        return median(measure_panel(engine, size.meters, size.hours, size.peer_repeats, os.environ).cpu_seconds)

    tell(f"features of {size.meters} meters and {size.hours} hours")
    cost = measure_panel("metrify", size.meters, size.hours, size.repeats, os.environ)
    rows += _times(cost, size, measure_peer("pandas"))
    rows += [_speedup(cost, "wide pandas", measure_peer("wide pandas"))]
    rows += [_speedup(cost, "polars", measure_peer("polars") if importlib.util.find_spec("polars") else None)]
    tell("comparing the values")
    rows += [_largest_difference(size), _memory(cost)]
    tell(f"scaling up to {size.scaling_meters[-1]} meters")
    return [*rows, *_scaling(size)]


def _compilation() -> Row:
    with tempfile.TemporaryDirectory(prefix="metrify-bench-") as folder:
        environment = os.environ | {"NUMBA_CACHE_DIR": folder}
        first, second = (measure_panel("metrify", 1, 1_000, 1, environment).warm_up_seconds for _ in range(2))
    note = "CPU seconds of a process's first, tiny panel: kernels compiled, and beside it loaded from their cache."
    return Row("features.compile_seconds", first, "s", peer="from the cache", peer_value=second, note=note)


def _times(cost: PanelCost, size: _Size, in_pandas: float) -> list[Row]:
    ours = median(cost.cpu_seconds)
    note = (
        f"7 lags, 8 rolling statistics and 5 columns of calendar, {size.meters} meters x {size.hours} hours, all as "
        f"full columns. CPU seconds of all threads, median of {size.repeats} in a process that has compiled; pandas: "
        f"of one long frame grouped by meter, median of {size.peer_repeats}. The loads are made up, 1 % missing."
    )
    first = "The first of these, which is also the first to touch its memory."
    return [
        Row("features.cpu_seconds", ours, "s", _MAX_CPU_SECONDS, "<=", "pandas", in_pandas, note),
        Row("features.first_run_cpu_seconds", cost.cpu_seconds[0], "s", note=first),
        Row("features.speedup_vs_pandas", in_pandas / ours, "1", _MIN_SPEEDUP, ">=", "pandas", 1.0),
    ]


def _speedup(cost: PanelCost, peer: str, seconds: float | None) -> Row:
    name = f"features.speedup_vs_{peer.replace(' ', '_')}"
    if seconds is None:
        return Row(name, None, "1", peer=peer, note=f"{peer} is not installed.")
    note = f"{peer} takes {seconds:.3g} CPU seconds of all its threads."
    return Row(name, seconds / median(cost.cpu_seconds), "1", peer=peer, peer_value=1.0, note=note)


def _largest_difference(size: _Size) -> Row:
    matrix = draw_loads(size.meters, size.hours)
    expected, panel = compute_in_pandas(matrix), compute_in_metrify(matrix)
    largest, other_gaps = 0.0, 0
    for name, values in panel.items():
        other_gaps += int((np.isnan(values) != np.isnan(expected[name])).sum())
        largest = max(largest, float(np.nanmax(np.abs(values - expected[name]))))
    note = "Of all values of all columns."
    if other_gaps:
        note = f"{other_gaps} values are missing in one of both alone; the others differ by up to {largest:.3g}."
    value = None if other_gaps else largest
    return Row("features.max_abs_diff", value, "1", _MAX_DIFFERENCE, "<=", "pandas", None, note)


def _memory(cost: PanelCost) -> Row:
    if cost.extra_bytes is None:
        ratio, note = None, "This system does not tell the peak of the resident memory."
    else:
        ratio = cost.extra_bytes / cost.output_bytes
        note = f"Peak of the resident memory above that before, output of {cost.output_bytes / 2**20:.0f} MiB included."
    return Row("features.memory_over_output", ratio, "1", _MAX_MEMORY_OVER_OUTPUT, "<=", note=note)


def _scaling(size: _Size) -> list[Row]:
    environment = os.environ | _KEEP_MEMORY
    costs = [measure_panel("metrify", meters, size.hours, size.repeats, environment) for meters in size.scaling_meters]
    kept, note = _slope(size, [median(cost.cpu_seconds) for cost in costs])
    fresh, note_of_fresh = _slope(size, [cost.cpu_seconds[0] for cost in costs])
    note = (
        f"Slope of log CPU seconds over log rows; a process for each size, median of {size.repeats} runs in it. {note}"
    )
    note_of_fresh = (
        f"The same of the first runs alone, most of which is the system's work on fresh memory. {note_of_fresh}"
    )
    return [
        Row("features.scaling_exponent", kept, "1", _MAX_EXPONENT, "<=", note=note),
        Row("features.first_run_scaling_exponent", fresh, "1", note=note_of_fresh),
    ]


def _slope(size: _Size, seconds: list[float]) -> tuple[float, str]:
    slope = float(np.polyfit(np.log(size.scaling_meters), np.log(seconds), 1)[0])
    measured = (
        f"{meters * size.hours:,} rows: {spent:.3g} s"
        for meters, spent in zip(size.scaling_meters, seconds, strict=True)
    )
    return slope, "; ".join(measured) + "."
