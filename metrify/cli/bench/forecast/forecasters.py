"""Quantiles of a protocol's rows by a baseline or by an exported graph, and the intervals of a baseline."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from metrify.cli.bench.forecast.protocol import Protocol
from metrify.cli.bench.forecast.protocol_rows import ProtocolRows
from metrify.forecasting.baselines import persistence_ensemble, seasonal_naive
from metrify.forecasting.conformal import calibrate_intervals
from metrify.forecasting.intervals import IntervalCalibration
from metrify.forecasting.onnx_model import OnnxModel

Baseline = Callable[[np.ndarray, Protocol], np.ndarray]

_BATCH = 512
_SMALLEST_SCALE_KWH = 1e-3

BASELINES: Mapping[str, Baseline] = {
    "seasonal_naive": lambda windows, protocol: seasonal_naive(
        windows, protocol.context.forecast_horizon, protocol.day_length, protocol.season_days
    ),
    "persistence": lambda windows, protocol: persistence_ensemble(
        windows, protocol.context.forecast_horizon, protocol.day_length
    ),
}


def forecast_by_baseline(name: str, rows: ProtocolRows, levels: int) -> np.ndarray:
    """A baseline's point from the window by the local clock, once for each level, `[N, H, Q]` kWh.

    Args:
        name: One of `BASELINES`.
        rows: What to forecast.
        levels: How many levels.
    """
    parts = [BASELINES[name](rows.take(part).features["load_window"], rows.protocol) for part in _batches(rows)]
    return np.repeat(np.concatenate(parts)[..., None], levels, axis=-1)


def forecast_by_graph(graph: OnnxModel, rows: ProtocolRows) -> np.ndarray:
    """A model's quantiles, `[N, H, Q]` kWh, computed as they are served."""
    return np.concatenate([graph.predict(rows.take(part).features) for part in _batches(rows)])


def fit_intervals(points: np.ndarray, rows: ProtocolRows, levels: Sequence[float]) -> IntervalCalibration:
    """Fits the intervals of a baseline, which are multiples of `row_scales`, to validation rows.

    Args:
        points: `[N, H, Q]` kWh of the rows, all quantiles alike.
        rows: Validation rows.
        levels: The Q levels.
    """
    return calibrate_intervals(
        points,
        rows.targets(np.arange(len(rows))),
        levels,
        method="additive",
        scale=row_scales(rows),
        non_negative=rows.protocol.non_negative,
    )


def row_scales(rows: ProtocolRows) -> np.ndarray:
    """The mean absolute load of each row's window, `[N]` kWh."""
    means = [np.abs(rows.windows(part)).mean(axis=1) for part in _batches(rows)]
    return np.maximum(np.concatenate(means), _SMALLEST_SCALE_KWH)


def _batches(rows: ProtocolRows) -> list[np.ndarray]:
    return [np.arange(first, min(first + _BATCH, len(rows))) for first in range(0, len(rows), _BATCH)]
