"""Which meters add up to which feeder, district and total."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from metrify.errors import ForecastError


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """The n series of a hierarchy: A aggregates, widest first, and M meters after them.

    Attributes:
        levels: `[n]`: total, district, feeder or meter.
        names: `[n]` within their level.
        aggregation: `[A, M]` sparse, 1 where a meter belongs to an aggregate.
    """

    levels: np.ndarray
    names: np.ndarray
    aggregation: sparse.csr_array

    @property
    def aggregates(self) -> int:
        """How many series are sums of meters."""
        return int(self.aggregation.shape[0])

    def summing_matrix(self) -> sparse.csr_array:
        """What turns meters into all series, `[n, M]` sparse; `S` in the literature."""
        return sparse.vstack([self.aggregation, sparse.eye_array(self.aggregation.shape[1])], format="csr")

    def bottom_up(self, meters: np.ndarray) -> np.ndarray:
        """All series from the forecasts of the meters.

        Args:
            meters: `[M, K]` kWh, where a column is an origin and interval.

        Returns:
            `[n, K]` kWh, in the order of `names`.

        Raises:
            ForecastError: There is not one row for each meter, or a value is missing.
        """
        require_series(meters, self.aggregation.shape[1])
        return np.concatenate([self.aggregation @ meters, meters])


def build_hierarchy(meter_ids: np.ndarray, feeders: np.ndarray, districts: np.ndarray) -> Hierarchy:
    """The hierarchy meter, feeder, district, total.

    Args:
        meter_ids: `[M]`, in the order in which their forecasts come.
        feeders: `[M]` the feeder of each meter.
        districts: `[M]` the district of each meter.

    Raises:
        ForecastError: A meter comes twice, a name is missing, or a feeder lies in two districts.

    Example:
        >>> hierarchy = build_hierarchy(np.array(["a", "b"]), np.array(["f", "g"]), np.array(["d", "d"]))
        >>> hierarchy.bottom_up(np.array([[1.0], [2.0]]))[:, 0].tolist()
        [3.0, 3.0, 1.0, 2.0, 1.0, 2.0]
    """
    frame = pd.DataFrame({"meter": meter_ids, "feeder": feeders, "district": districts})
    if frame.empty or frame.isna().any(axis=None) or frame["meter"].duplicated().any():
        raise ForecastError(
            f"Of {len(frame)} meters, {frame['meter'].duplicated().sum()} come twice and "
            f"{frame.isna().any(axis=1).sum()} lack a name, feeder or district.",
            "Give each meter once, with its feeder and district.",
        )
    torn = frame.groupby("feeder")["district"].nunique()
    if (torn > 1).any():
        raise ForecastError(
            f"{(torn > 1).sum()} feeders lie in several districts, for instance {torn.idxmax()}.",
            "Put each feeder into one district, or give its parts names of their own.",
        )
    blocks, names, levels = [np.ones((1, len(frame)))], [np.array(["total"], dtype=object)], ["total"]
    for level in ("district", "feeder"):
        codes, found = pd.factorize(frame[level].astype(object), sort=True)
        columns = np.arange(len(codes))
        blocks.append(sparse.coo_array((np.ones(len(codes)), (codes, columns)), shape=(len(found), len(codes))))
        names.append(np.asarray(found, dtype=object))
        levels += [level] * len(found)
    names.append(frame["meter"].to_numpy(object))
    levels += ["meter"] * len(frame)
    aggregation = sparse.csr_array(sparse.vstack([sparse.csr_array(block) for block in blocks]))
    return Hierarchy(np.array(levels, dtype=object), np.concatenate(names), aggregation)


def require_series(values: np.ndarray, series: int) -> None:
    """Refuses values that are not `[series, K]`, or of which some are missing.

    Raises:
        ForecastError: They are so.
    """
    if values.ndim != 2 or len(values) != series:
        raise ForecastError(
            f"Values have shape {list(values.shape)} where [{series}, K] is needed.", "Give one row for each series."
        )
    absent = int((~np.isfinite(values)).sum())
    if absent:
        raise ForecastError(
            f"{absent} values of the hierarchy are missing.", "Reconcile the series and times that have a forecast."
        )
