"""What an exported model's quantiles of the validation rows tell: how wide intervals must be, and what means are."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from metrify.forecasting.conformal import calibrate_intervals
from metrify.forecasting.expected_load import ExpectedLoad, fit_expected_load
from metrify.forecasting.intervals import IntervalCalibration
from metrify.forecasting.onnx_model import OnnxModel
from metrify.forecasting.training.rows import RowSource

_ROWS_AT_ONCE = 2_000
_MAX_ROWS = 20_000  # which bounds the memory; more of them change nothing that could be measured
_SUMS = 50


@dataclass(frozen=True, eq=False)
class Calibration:
    """What is fitted to validation rows.

    Attributes:
        intervals: Moves the quantiles, so that they cover as often as their levels say.
        expected_load: Makes means of the moved quantiles.
    """

    intervals: IntervalCalibration
    expected_load: ExpectedLoad


def fit_calibration(path: Path, validation: RowSource, levels: tuple[float, ...], seed: int) -> Calibration:
    """Compares what an exported model says of validation rows with what was measured.

    Args:
        path: The ONNX file.
        validation: Rows that the model was not fitted to.
        levels: `[Q]` quantile levels.
        seed: Of the draw, where there are more rows than are needed.

    Returns:
        The calibration; one that changes nothing, with the median in the place of the mean, where there are too few
        rows to tell how often an interval covers.
    """
    outermost = levels[-1] - levels[0]
    if len(validation) < np.ceil(outermost / (1 - outermost)):
        shape = (validation.take(np.arange(1)).target_kwh.shape[1], len(levels))
        unmoved = IntervalCalibration(tuple(levels), np.ones(shape), np.zeros(shape), validation.non_negative)
        return Calibration(unmoved, ExpectedLoad(tuple(float(level == 0.5) for level in levels)))
    rows = np.random.default_rng(seed).permutation(len(validation))[:_MAX_ROWS]
    model, quantiles, actual = OnnxModel(path), [], []
    for first in range(0, len(rows), _ROWS_AT_ONCE):
        part = validation.take(rows[first : first + _ROWS_AT_ONCE])
        quantiles.append(model.predict_in_batches(part.features))
        actual.append(part.target_kwh)
    return _calibrate(np.concatenate(quantiles), np.concatenate(actual), levels, validation.non_negative)


def _calibrate(quantiles: np.ndarray, actual: np.ndarray, levels: Sequence[float], non_negative: bool) -> Calibration:
    """Fits to rows in a random order."""
    intervals = calibrate_intervals(quantiles, actual, levels, non_negative=non_negative)
    served = np.where(np.isnan(actual)[..., None], 0, intervals.apply(quantiles))
    starts = np.linspace(0, len(actual), min(_SUMS, len(actual)), endpoint=False, dtype=int)
    sums = np.add.reduceat(served, starts, axis=0, dtype=np.float64).reshape(-1, len(levels))
    measured = np.add.reduceat(np.nan_to_num(actual), starts, axis=0, dtype=np.float64).ravel()
    return Calibration(intervals, fit_expected_load(sums, measured))
