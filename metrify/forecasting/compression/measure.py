"""What a compressed model costs and what it is worth."""

import time
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from metrify.errors import ForecastError
from metrify.forecasting.evaluation.losses import absolute_errors
from metrify.forecasting.onnx_model import OnnxModel

_CALLS, _FIRST_CALLS = 200, 20

Batches = Iterable[tuple[Mapping[str, np.ndarray], np.ndarray]]


@dataclass(frozen=True)
class Measured:
    """A model's figures.

    Attributes:
        bytes: Size of its file.
        bytes_deflated: The same, compressed as on its way through a network.
        milliseconds_per_row: Median time of a forecast for one row, on one thread.
        wape: On the validation rows.
    """

    bytes: int
    bytes_deflated: int
    milliseconds_per_row: float
    wape: float


def measure_model(path: Path, batches: Batches, median: int) -> Measured:
    """Measures a model.

    Args:
        path: The graph.
        batches: Features and `[N, H]` measured kWh, a batch at a time.
        median: Which of the quantiles is the point forecast.

    Raises:
        ForecastError: The load sums to zero.
    """
    model, errors, load, one_row = OnnxModel(path), 0.0, 0.0, {}
    for features, actual in batches:
        point = model.predict_in_batches(features)[..., median]
        errors += float(np.nansum(absolute_errors(point, actual), dtype=np.float64))
        load += float(np.nansum(np.abs(actual), dtype=np.float64))
        one_row = {name: values[:1] for name, values in features.items()}
    if not load:
        raise ForecastError("The load of the rows sums to zero.", "Leave meters without consumption out.")
    content = path.read_bytes()
    return Measured(len(content), len(zlib.compress(content, 9)), _milliseconds(model, one_row), errors / load)


def _milliseconds(model: OnnxModel, features: Mapping[str, np.ndarray]) -> float:
    seconds = []
    for _ in range(_FIRST_CALLS + _CALLS):
        started = time.perf_counter()
        model.predict(features)
        seconds.append(time.perf_counter() - started)
    return 1000 * float(np.median(seconds[_FIRST_CALLS:]))
