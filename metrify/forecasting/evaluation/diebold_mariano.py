"""Whether one forecast is better than another, beyond what chance explains.

Diebold and Mariano 1995, doi 10.1080/07350015.1995.10524599, with the correction of Harvey, Leybourne and Newbold 1997,
doi 10.1016/S0169-2070(96)00719-4. Weather and holidays move all meters of a day together, so the rows of an origin are
one observation and not thousands: the differences are averaged by origin first.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from metrify.errors import ForecastError

_MIN_ORIGINS = 10  # below it Student's t is so wide, and the variance so uncertain, that the verdict says little


@dataclass(frozen=True)
class DieboldMariano:
    """What the test found.

    Attributes:
        mean_difference: Mean loss of A minus that of B, over origins; negative where A is better.
        statistic: The corrected statistic, Student-t distributed with `origins - 1` degrees of freedom.
        p_value: One-sided: how likely so negative a statistic is if A is no better than B.
        origins: How many origins there are.
    """

    mean_difference: float
    statistic: float
    p_value: float
    origins: int


def diebold_mariano(
    loss_a: np.ndarray,
    loss_b: np.ndarray,
    origins: np.ndarray,
    horizon: int = 1,
    kernel: Literal["rectangular", "bartlett"] = "rectangular",
) -> DieboldMariano:
    """Tests whether forecast A loses less than forecast B.

    Args:
        loss_a: `[N, ...]` losses of A, of any kind; NaN where nothing was measured.
        loss_b: `[N, ...]` losses of B at the same places.
        origins: `[N]` the origin of each row. They should be evenly spaced: autocovariances are those of neighbours.
        horizon: The horizon in steps between origins, rounded up: 1 for a day ahead at daily origins.
        kernel: Weights of the autocovariances in the long-run variance. `rectangular` takes `horizon - 1` of them
            whole, as theory has it for optimal forecasts. `bartlett` (Newey and West 1987, doi 10.2307/1913610) takes
            at least as many with falling weights, by the rule 4 (T/100)^(2/9) of Newey and West 1994; use it where
            the differences of one day tell those of the next.

    Raises:
        ForecastError: The losses are not of the same places, there are too few origins, or the variance is not
            positive.

    Example:
        >>> noise = np.tile([0.1, -0.1, 0.0], 10)
        >>> diebold_mariano(noise, noise[::-1] + 0.2, np.arange(30)).p_value < 0.001
        True
    """
    differences = _mean_by_origin(loss_a, loss_b, origins)
    count = len(differences)
    if count < max(_MIN_ORIGINS, 2 * horizon):
        raise ForecastError(
            f"{count} origins are too few for a verdict.", f"Score at least {max(_MIN_ORIGINS, 2 * horizon)} origins."
        )
    if not differences.any():  # the same forecasts: nothing tells them apart
        return DieboldMariano(0.0, 0.0, 0.5, count)
    variance = _long_run_variance(differences, horizon, kernel)
    if not variance > np.finfo(float).eps * float((differences**2).mean()):
        raise ForecastError(
            "The variance of the loss differences is not positive.",
            "Use the bartlett kernel, or look whether the differences vary at all.",
        )
    from scipy.stats import t as student  # importing it takes half a second

    correction = (count + 1 - 2 * horizon + horizon * (horizon - 1) / count) / count
    mean = float(differences.mean())
    statistic = float(mean * np.sqrt(correction / (variance / count)))
    return DieboldMariano(mean, statistic, float(student.cdf(statistic, count - 1)), count)


def _mean_by_origin(loss_a: np.ndarray, loss_b: np.ndarray, origins: np.ndarray) -> np.ndarray:
    """Mean differences of each origin at which something was measured, oldest first, `[T]`."""
    fits = loss_a.shape == loss_b.shape and origins.shape == loss_a.shape[:1]
    if not fits or not np.array_equal(np.isnan(loss_a), np.isnan(loss_b)):
        raise ForecastError(
            "The losses of A and B are not of the same rows and intervals.",
            "Compare both forecasts where each of them, and a reading, is there.",
        )
    differences = (loss_a.astype(np.float64) - loss_b).reshape(len(origins), -1)
    names, codes = np.unique(origins, return_inverse=True)
    counts = np.bincount(codes, weights=(~np.isnan(differences)).sum(axis=1), minlength=len(names))
    totals = np.bincount(codes, weights=np.nansum(differences, axis=1), minlength=len(names))
    return totals[counts > 0] / counts[counts > 0]


def _long_run_variance(differences: np.ndarray, horizon: int, kernel: str) -> float:
    count = len(differences)
    lags = horizon - 1
    if kernel == "bartlett":
        lags = max(lags, int(4 * (count / 100) ** (2 / 9)))
    centred = differences - differences.mean()
    covariances = [float(centred[lag:] @ centred[: count - lag]) / count for lag in range(lags + 1)]
    weights = [1 - lag / (lags + 1) if kernel == "bartlett" else 1.0 for lag in range(lags + 1)]
    return covariances[0] + 2 * sum(w * c for w, c in zip(weights[1:], covariances[1:], strict=True))
