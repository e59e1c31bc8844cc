"""How fast an exported graph answers on one thread: a row at a time, and in batches."""

import time
from dataclasses import dataclass
from statistics import median

import numpy as np

from metrify.cli.bench.forecast.protocol_rows import ProtocolRows
from metrify.forecasting.onnx_model import OnnxModel

_SINGLE_ROWS, _BATCH_ROWS, _REPEATS = 300, 2_048, 3


@dataclass(frozen=True)
class Speed:
    """What a graph takes, the computation of its features not counted.

    Attributes:
        row_ms: Median milliseconds of an inference of one row.
        windows_per_cpu_second: Rows over the CPU seconds of inferences in batches, median of some runs.
    """

    row_ms: float
    windows_per_cpu_second: float


def measure_speed(graph: OnnxModel, rows: ProtocolRows) -> Speed:
    """Measures a graph that has one thread.

    Args:
        graph: The graph.
        rows: Any rows; they are repeated where there are few.
    """
    features = rows.take(np.arange(_BATCH_ROWS) % len(rows)).features
    read = {name: features[name] for name in graph.input_names}
    singles = [{name: values[row : row + 1] for name, values in read.items()} for row in range(_SINGLE_ROWS)]
    graph.predict(singles[0])
    timings = []
    for single in singles:
        started = time.perf_counter()
        graph.predict(single)
        timings.append(1000 * (time.perf_counter() - started))
    graph.predict_in_batches(read)
    spent = []
    for _ in range(_REPEATS):
        began = time.process_time()
        graph.predict_in_batches(read)
        spent.append(time.process_time() - began)
    return Speed(median(timings), _BATCH_ROWS / median(spent))
