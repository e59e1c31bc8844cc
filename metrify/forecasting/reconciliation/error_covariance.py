"""How the errors of base forecasts vary together, as a diagonal and few factors, never as a matrix of n by n.

The kinds are those of Wickramasuriya, Athanasopoulos and Hyndman 2019, doi 10.1080/01621459.2018.1448825. They matter
only up to a common factor. Errors are those of validation rows: in the training set, a network's are too small.
"""

from dataclasses import dataclass

import numpy as np

from metrify.errors import ForecastError
from metrify.forecasting.reconciliation.hierarchy import Hierarchy, require_series


@dataclass(frozen=True, eq=False)
class ErrorCovariance:
    """The matrix `diag(diagonal) + factors factors'`.

    Attributes:
        diagonal: `[n]`.
        factors: `[n, R]`; R is 0 where errors are taken for uncorrelated.
    """

    diagonal: np.ndarray
    factors: np.ndarray


def structural_covariance(hierarchy: Hierarchy) -> ErrorCovariance:
    """Each series varies as much as it has meters (`WLS_s`). It needs no errors."""
    sizes = np.asarray(hierarchy.summing_matrix().sum(axis=1), dtype=np.float64).ravel()
    return _uncorrelated(sizes)


def variance_covariance(errors: np.ndarray) -> ErrorCovariance:
    """Each series varies by its own mean squared error (`WLS_v`).

    Args:
        errors: `[n, T]` kWh, NaN where not measured.

    Raises:
        ForecastError: A series has no error at all.
    """
    measured = ~np.isnan(errors)
    counts = measured.sum(axis=1)
    if not counts.all():
        raise ForecastError(
            f"{(counts == 0).sum()} of {len(errors)} series have no error.", "Use the structural covariance instead."
        )
    return _uncorrelated(np.nansum(errors**2, axis=1, dtype=np.float64) / counts)


def shrunk_covariance(errors: np.ndarray) -> ErrorCovariance:
    """The sample covariance, its correlations shrunk towards zero (`MinT(Shrink)`).

    Errors are not centred, as base forecasts are taken for unbiased; a bias counts as variance.

    Args:
        errors: `[n, T]` kWh.

    Raises:
        ForecastError: An error is missing, or there are fewer than two times.
    """
    require_series(errors, len(errors))
    shrinkage = shrinkage_intensity(errors)
    errors = errors.astype(np.float64)
    times = errors.shape[1]
    return ErrorCovariance(shrinkage * (errors**2).mean(axis=1), np.sqrt((1 - shrinkage) / times) * errors)


def shrinkage_intensity(errors: np.ndarray) -> float:
    """How much of the correlations is to be taken for chance, from 0 to 1.

    Schaefer and Strimmer 2005, doi 10.2202/1544-6115.1175: the sum of the variances of the correlations over the sum of
    their squares. Both sums over pairs of series are found from the T by T products of times.

    Args:
        errors: `[n, T]`.

    Raises:
        ForecastError: There are fewer than two times.
    """
    times = errors.shape[1]
    if times < 2:
        raise ForecastError(f"{times} times are too few for a covariance.", "Use the structural covariance instead.")
    deviations = np.sqrt((errors.astype(np.float64) ** 2).mean(axis=1, keepdims=True))
    moving = deviations[:, 0] > 0  # a series without errors has no covariance with any
    standard = errors[moving] / deviations[moving]
    squares = standard**2
    # Sums over all pairs, less those of a series with itself, whose correlation is 1.
    correlations = float(((standard.T @ standard) ** 2).sum()) / times**2 - len(standard)
    products = float((squares.sum(axis=0) ** 2).sum() - (squares**2).sum()) / times
    if correlations <= 0:
        return 1.0
    return float(np.clip((products - correlations) / (times - 1) / correlations, 0, 1))


def _uncorrelated(diagonal: np.ndarray) -> ErrorCovariance:
    return ErrorCovariance(diagonal, np.zeros((len(diagonal), 0)))
