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

    def without_repeats(self) -> tuple["Hierarchy", np.ndarray]:
        """The hierarchy without aggregates that are sums of the same meters as a wider one, or of one meter alone.

        The forecast of a repeated sum is the same forecast. A reconciliation that takes it for another one trusts it
        more than it should, and its covariance may be singular.

        Returns:
            The smaller hierarchy, and `[n']` which series it keeps.
        """
        members = np.split(self.aggregation.indices, self.aggregation.indptr[1:-1])
        widest: dict[tuple[int, ...], int] = {}
        for row, meters in enumerate(members):
            widest.setdefault(tuple(np.sort(meters)), row)
        kept = np.array([row for meters, row in widest.items() if len(meters) > 1], dtype=int)
        series = np.concatenate([kept, np.arange(self.aggregates, len(self.names))])
        return Hierarchy(self.levels[series], self.names[series], self.aggregation[kept]), series

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


def build_hierarchy(
    meter_ids: np.ndarray, feeders: np.ndarray | None = None, districts: np.ndarray | None = None
) -> Hierarchy:
    """The hierarchy meter, feeder, district, total.

    Args:
        meter_ids: `[M]`, in the order in which their forecasts come.
        feeders: `[M]` the feeder of each meter; None where there is no such level.
        districts: `[M]` the district of each meter; None where there is no such level.

    Raises:
        ForecastError: A meter comes twice, a name is missing, or a feeder lies in two districts.

    Example:
        >>> hierarchy = build_hierarchy(np.array(["a", "b"]), np.array(["f", "g"]), np.array(["d", "d"]))
        >>> hierarchy.bottom_up(np.array([[1.0], [2.0]]))[:, 0].tolist()
        [3.0, 3.0, 1.0, 2.0, 1.0, 2.0]
    """
    columns = {"meter": meter_ids, "feeder": feeders, "district": districts}
    frame = pd.DataFrame({level: names for level, names in columns.items() if names is not None})
    if frame.empty or frame.isna().any(axis=None) or frame["meter"].duplicated().any():
        raise ForecastError(
            f"Of {len(frame)} meters, {frame['meter'].duplicated().sum()} come twice and "
            f"{frame.isna().any(axis=1).sum()} lack a name, feeder or district.",
            "Give each meter once, with its feeder and district.",
        )
    if feeders is not None and districts is not None:
        _refuse_torn_feeders(frame)
    blocks, names, levels = [np.ones((1, len(frame)))], [np.array(["total"], dtype=object)], ["total"]
    for level in ("district", "feeder"):
        if level not in frame:
            continue
        codes, found = pd.factorize(frame[level].astype(object), sort=True)
        places = (codes, np.arange(len(codes)))
        blocks.append(sparse.coo_array((np.ones(len(codes)), places), shape=(len(found), len(codes))))
        names.append(np.asarray(found, dtype=object))
        levels += [level] * len(found)
    names.append(frame["meter"].to_numpy(object))
    levels += ["meter"] * len(frame)
    aggregation = sparse.csr_array(sparse.vstack([sparse.csr_array(block) for block in blocks]))
    return Hierarchy(np.array(levels, dtype=object), np.concatenate(names), aggregation)


def _refuse_torn_feeders(frame: pd.DataFrame) -> None:
    torn = frame.groupby("feeder")["district"].nunique()
    if (torn > 1).any():
        raise ForecastError(
            f"{(torn > 1).sum()} feeders lie in several districts, for instance {torn.idxmax()}.",
            "Put each feeder into one district, or give its parts names of their own.",
        )


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
