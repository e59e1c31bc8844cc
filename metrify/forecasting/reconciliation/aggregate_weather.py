"""The weather of feeders, districts and the total, which have no station of their own."""

import numpy as np
from scipy import sparse

from metrify.forecasting.reconciliation.hierarchy import Hierarchy
from metrify.readings.known import KnownWeather


def weather_of_series(hierarchy: Hierarchy, known: KnownWeather) -> KnownWeather:
    """The weather of all series at one origin: that of a sum is the mean over its meters.

    Where they share a station it is that station's, to the bit. Where they don't, a station counts as often as it has
    meters. A value that is not known for a meter does not count, and one that is known for none is not known.

    Args:
        hierarchy: Of M meters and n series.
        known: Of the M meters.

    Returns:
        Of the n series, in the order of the hierarchy's names; a sum's forecast is as old as its oldest.
    """
    members = np.split(hierarchy.aggregation.indices, hierarchy.aggregation.indptr[1:-1])
    oldest = np.stack([np.fmin.reduce(known.issued_at[meters], axis=0) for meters in members])
    observed, forecast = (
        np.concatenate([_mean(hierarchy.aggregation, values), values]) for values in (known.observed, known.forecast)
    )
    return KnownWeather(known.columns, observed, forecast, np.concatenate([oldest, known.issued_at]))


def _mean(aggregation: sparse.csr_array, values: np.ndarray) -> np.ndarray:
    """The mean of those of the meters' `[M, ...]` that are known, `[A, ...]` float32."""
    flat = values.reshape(len(values), -1).astype(float)
    is_known = np.isfinite(flat)
    counts = aggregation @ is_known.astype(float)
    sums = aggregation @ np.where(is_known, flat, 0.0)
    means = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    return means.reshape(-1, *values.shape[1:]).astype(np.float32)
