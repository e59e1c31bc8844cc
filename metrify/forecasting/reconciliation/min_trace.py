"""Reconciliation of minimum trace: the coherent forecasts with the least sum of error variances."""

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from metrify.errors import ForecastError
from metrify.forecasting.reconciliation.error_covariance import ErrorCovariance
from metrify.forecasting.reconciliation.hierarchy import Hierarchy, require_series


def reconcile(hierarchy: Hierarchy, base: np.ndarray, covariance: ErrorCovariance) -> np.ndarray:
    """Coherent forecasts of all series from forecasts that were made for each on its own.

    MinT of Wickramasuriya, Athanasopoulos and Hyndman 2019, doi 10.1080/01621459.2018.1448825, is
    `S (S' W^-1 S)^-1 S' W^-1 y`, which needs an inverse of the size of the meters. Their other form of it, with
    `C = [I, -A]` for which coherent forecasts have `C y = 0`, is `y - W C' (C W C')^-1 C y`: an inverse of the size of
    the aggregates.

    Args:
        hierarchy: Of A aggregates and M meters.
        base: `[n, K]` kWh, in the order of the hierarchy's names, where a column is an origin and interval.
        covariance: Of the errors of the base forecasts.

    Returns:
        `[n, K]` float64 kWh. A meter may have become negative: see `set_negative_to_zero`.

    Raises:
        ForecastError: A value is missing, or the covariance is of other series or can't be inverted.

    Example:
        One meter below three aggregates, each with the same variance. The four forecasts of the one load are averaged.

        >>> from metrify.forecasting.reconciliation import build_hierarchy, structural_covariance
        >>> hierarchy = build_hierarchy(np.array(["a"]), np.array(["f"]), np.array(["d"]))
        >>> reconcile(hierarchy, np.array([[5.0], [1], [1], [1]]), structural_covariance(hierarchy)).round(9).T
        array([[2., 2., 2., 2.]])
    """
    require_series(base, len(hierarchy.names))
    if covariance.diagonal.shape != (len(base),):
        raise ForecastError(
            f"The covariance is one of {len(covariance.diagonal)} series, the forecasts are of {len(base)}.",
            "Give errors of all series of the hierarchy, in its order.",
        )
    count, aggregation = hierarchy.aggregates, hierarchy.aggregation
    base = base.astype(np.float64)
    variances, factors = covariance.diagonal[count:], covariance.factors[count:]
    gaps = base[:count] - aggregation @ base[count:]
    gaps_of_factors = covariance.factors[:count] - aggregation @ factors
    gap_covariance = (aggregation * variances @ aggregation.T).toarray()
    gap_covariance += np.diag(covariance.diagonal[:count]) + gaps_of_factors @ gaps_of_factors.T
    try:
        weights = cho_solve(cho_factor(gap_covariance), gaps)
    except LinAlgError as error:
        raise ForecastError(
            "The covariance of the errors can't be inverted: some series have no errors.",
            "Use the structural covariance instead.",
        ) from error
    # The meters' rows of W C' are -D A' + F (C F)', with the diagonal D and the factors F.
    change = (aggregation.T @ weights) * variances[:, None] - factors @ (gaps_of_factors.T @ weights)
    return hierarchy.bottom_up(base[count:] + change)
