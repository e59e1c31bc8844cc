"""Fits the calibration of an exported model's intervals to the validation rows."""

from pathlib import Path

import numpy as np

from metrify.forecasting.conformal import calibrate_intervals
from metrify.forecasting.intervals import IntervalCalibration
from metrify.forecasting.onnx_model import OnnxModel
from metrify.forecasting.training.rows import RowSource

_ROWS_AT_ONCE = 2_000
_MAX_ROWS = 20_000  # which bounds the memory; more of them change nothing that could be measured


def fit_calibration(path: Path, validation: RowSource, levels: tuple[float, ...], seed: int) -> IntervalCalibration:
    """Compares what an exported model says of validation rows with what was measured.

    Args:
        path: The ONNX file.
        validation: Rows that the model was not fitted to.
        levels: `[Q]` quantile levels.
        seed: Of the draw, where there are more rows than are needed.

    Returns:
        The calibration; one that changes nothing where there are too few rows to tell how often an interval covers.
    """
    outermost = levels[-1] - levels[0]
    if len(validation) < np.ceil(outermost / (1 - outermost)):
        horizon = validation.take(np.arange(1)).target_kwh.shape[1]
        shape = (horizon, len(levels))
        return IntervalCalibration(tuple(levels), np.ones(shape), np.zeros(shape), validation.non_negative)
    rows = np.random.default_rng(seed).permutation(len(validation))[:_MAX_ROWS]
    model, quantiles, actual = OnnxModel(path), [], []
    for first in range(0, len(rows), _ROWS_AT_ONCE):
        part = validation.take(np.sort(rows[first : first + _ROWS_AT_ONCE]))
        quantiles.append(model.predict_in_batches(part.features))
        actual.append(part.target_kwh)
    return calibrate_intervals(
        np.concatenate(quantiles), np.concatenate(actual), levels, non_negative=validation.non_negative
    )
