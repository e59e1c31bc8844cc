"""A process of its own that computes a panel of features, and tells what that took as one line of JSON."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from metrify.cli.bench.panel_engines import CONTEXT, ENGINES
from metrify.readings.matrix import ReadingsMatrix

_PROGRAM = f"from {__name__} import main; main()"
_START = pd.Timestamp("2022-01-01", tz="UTC")
_WARM_UP_HOURS = 400
_MISSING_SHARE = 0.01
_STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class PanelCost:
    """What computing a panel took.

    Attributes:
        warm_up_seconds: CPU seconds of a tiny panel before, which compiles the kernels or loads them from their cache.
        cpu_seconds: CPU seconds of all threads, of each repeat; the first one also pays for memory it is the first to
            touch.
        output_bytes: Size of the panel.
        extra_bytes: Peak of the resident memory in the first repeat above that before it, output included; None where
            the system does not tell.
    """

    warm_up_seconds: float
    cpu_seconds: list[float]
    output_bytes: int
    extra_bytes: int | None


def draw_loads(meters: int, hours: int) -> ReadingsMatrix:
    """Seeded hourly loads with a daily shape, a level of each meter, skewed noise and 1 % of the readings missing."""
    generator = np.random.default_rng(0)
    kwh = generator.standard_normal((meters, hours), dtype=np.float32)
    np.exp(0.5 * kwh, out=kwh)
    kwh *= generator.uniform(0.1, 2, (meters, 1)).astype(np.float32)
    kwh *= (1 + 0.6 * np.sin(2 * np.pi * np.arange(hours) / 24)).astype(np.float32)
    kwh[generator.random(kwh.shape, dtype=np.float32) < _MISSING_SHARE] = np.nan
    return ReadingsMatrix(np.arange(meters).astype(str).astype(object), _START, CONTEXT.resolution_minutes, kwh)


def measure_panel(engine: str, meters: int, hours: int, repeats: int, environment: Mapping[str, str]) -> PanelCost:
    """Computes a panel in a fresh process.

    Args:
        engine: One of `ENGINES`.
        meters: Its rows.
        hours: Its hourly origins.
        repeats: How often it is computed.
        environment: Variables of the process.
    """
    command = [sys.executable, "-c", _PROGRAM, engine, str(meters), str(hours), str(repeats)]
    done = subprocess.run(command, env=dict(environment), stdout=subprocess.PIPE, text=True, check=True)
    return PanelCost(**json.loads(done.stdout))


def main() -> None:
    """What runs in the process."""
    engine, *sizes = sys.argv[1:]
    print(json.dumps(asdict(_cost(engine, *map(int, sizes)))))


def _cost(engine: str, meters: int, hours: int, repeats: int) -> PanelCost:
    compute = ENGINES[engine]
    began = time.process_time()
    compute(draw_loads(1, _WARM_UP_HOURS))
    warm_up = time.process_time() - began
    matrix = draw_loads(meters, hours)
    before = _restart_peak()
    seconds, size, extra = [], 0, None
    for repeat in range(repeats):
        began = time.process_time()
        panel = compute(matrix)
        seconds.append(time.process_time() - began)
        size = sum(values.nbytes for values in panel.values())
        if repeat == 0 and before is not None:
            extra = _resident("VmHWM") - before
        del panel
    return PanelCost(warm_up, seconds, size, extra)


def _restart_peak() -> int | None:
    """Makes the peak of the resident memory start from its size now, and returns that; None where this is not Linux."""
    if not _STATUS.is_file():
        return None
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # proc(5): resets VmHWM
    return _resident("VmRSS")


def _resident(field: str) -> int:
    lines = dict(line.split(":", 1) for line in _STATUS.read_text(encoding="ascii").splitlines())
    return int(lines[field].removesuffix("kB")) * 1024
