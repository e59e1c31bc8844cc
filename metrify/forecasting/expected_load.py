"""Expected loads from quantiles, for sums over meters: medians of skewed loads sum to too little, means do not."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from metrify.errors import ForecastError

_ENTRY = "expected_load_weights"  # of the metadata of a model's file


@dataclass(frozen=True)
class ExpectedLoad:
    """A mean as a weighted sum of quantiles, which is what a numerical integral of the quantile function is.

    Attributes:
        weights: `[Q]`, none negative.
    """

    weights: tuple[float, ...]

    def of(self, quantiles: np.ndarray) -> np.ndarray:
        """The expected loads, `[...]` kWh, of quantiles `[..., Q]`.

        They can be added up over meters: the sum of means is the mean of the sum, however the meters depend on each
        other.

        Raises:
            ForecastError: There are more or fewer levels than weights.

        Example:
            >>> ExpectedLoad((0.25, 0.5, 0.25)).of(np.array([[0.0, 1.0, 6.0]])).tolist()
            [2.0]
        """
        if quantiles.shape[-1] != len(self.weights):
            raise ForecastError(
                f"{quantiles.shape[-1]} quantiles meet {len(self.weights)} weights.", "Fit the weights again."
            )
        return quantiles @ np.asarray(self.weights, quantiles.dtype)


def integrate_quantiles(levels: Sequence[float]) -> ExpectedLoad:
    """Weights where none were fitted: the trapezoidal rule between levels, and what lies outside at the outer ones.

    Args:
        levels: `[Q]` rising, between 0 and 1.

    Example:
        >>> integrate_quantiles((0.25, 0.5, 0.75)).weights
        (0.375, 0.25, 0.375)
    """
    middles = (np.array(levels[:-1]) + np.array(levels[1:])) / 2
    return ExpectedLoad(tuple(np.diff(np.concatenate([[0.0], middles, [1.0]])).tolist()))


def fit_expected_load(summed_quantiles: np.ndarray, summed_actual: np.ndarray) -> ExpectedLoad:
    """Finds the weights with which the quantiles, summed over meters, come closest to the measured sums.

    Least squares with weights that are not negative: Lawson and Hanson 1974, Solving Least Squares Problems, ch. 23.

    Args:
        summed_quantiles: `[T, Q]` kWh, of rows that the model was not fitted to, each a sum over the meters that were
            measured in that interval.
        summed_actual: `[T]` kWh, of the same meters.

    Raises:
        ForecastError: There are fewer intervals than levels.
    """
    from scipy.optimize import nnls  # takes a third of a second, and servers fit nothing

    rows, levels = summed_quantiles.shape
    if rows < levels:
        raise ForecastError(
            f"{rows} intervals are too few to fit {levels} weights.", "Give validation rows of more days."
        )
    weights, _ = nnls(summed_quantiles.astype(np.float64), summed_actual.astype(np.float64))
    return ExpectedLoad(tuple(weights.tolist()))


def write_expected_load(path: Path, expected: ExpectedLoad) -> None:
    """Writes the weights into the metadata of an ONNX file, beside the graph that they belong to."""
    import onnx

    model = onnx.load(str(path))
    onnx.helper.set_model_props(
        model, {entry.key: entry.value for entry in model.metadata_props} | {_ENTRY: json.dumps(expected.weights)}
    )
    onnx.save(model, str(path))


def expected_load_of(metadata: dict[str, str]) -> ExpectedLoad | None:
    """The weights in the metadata of a model's file; None where it was written without."""
    return ExpectedLoad(tuple(json.loads(metadata[_ENTRY]))) if _ENTRY in metadata else None
