"""Meter-days with faults that were put into them, beside those that were measured: what kinds are learnt from."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from metrify.anomaly.inject_faults import inject_faults
from metrify.anomaly.kinds import Kind
from metrify.anomaly.meter_days import MeterDays

KINDS = tuple(Kind)
NORMAL = 0  # the class of a day as it was measured; that of a kind is its place among `KINDS`, from 1


@dataclass(frozen=True, eq=False)
class DayRows:
    """Rows of meter-days.

    Attributes:
        days: The readings.
        meters: `[n]` rows of their matrix.
        numbers: `[n]` numbers of days.
        classes: `[n]` `NORMAL`, or the kind of the fault.
    """

    days: MeterDays
    meters: np.ndarray
    numbers: np.ndarray
    classes: np.ndarray


@dataclass(frozen=True, eq=False)
class FaultRows:
    """Days as they were measured, and then days into which faults were put; deterministic by seed.

    Each copy of the readings gets one fault a meter. What the fault does not touch is left out of the copy. Copies are
    made anew each time they are asked for, so that one is in memory.

    Attributes:
        days: Of training meters.
        copies: How many copies there are.
        max_normal: At most so many days as they were measured, by a draw.
        seed: Of all draws.
    """

    days: MeterDays
    copies: int
    max_normal: int
    seed: int

    @property
    def measured(self) -> DayRows:
        """The days without faults."""
        return self._measured(np.random.default_rng(self.seed))

    def parts(self) -> Iterator[DayRows]:
        """The days without faults, and then those of each copy."""
        days, rng = self.days, np.random.default_rng(self.seed)
        yield self._measured(rng)
        for copy in range(self.copies):
            kwh, faults = inject_faults(
                days.matrix.kwh,
                days.matrix.resolution_minutes,
                range(days.shape[0]),
                KINDS,
                days.columns,
                seed=int(rng.integers(2**31)),
                turns=copy * days.shape[0],
            )
            spans = [np.arange(days.day_of(fault.begin), days.day_of(fault.end - 1) + 1) for fault in faults]
            lengths = [len(span) for span in spans]
            yield DayRows(
                days.with_kwh(kwh),
                np.repeat([fault.meter for fault in faults], lengths),
                np.concatenate(spans),
                np.repeat([KINDS.index(fault.kind) + 1 for fault in faults], lengths),
            )

    def _measured(self, rng: np.random.Generator) -> DayRows:
        meters, numbers = (index.ravel() for index in np.indices(self.days.shape))
        drawn = np.sort(rng.permutation(len(meters))[: self.max_normal])
        return DayRows(self.days, meters[drawn], numbers[drawn], np.full(len(drawn), NORMAL))


def class_weights(classes: np.ndarray, fault_weight: float) -> np.ndarray:
    """`[N]` weights with which all days of a kind weigh as much as a share of all normal days.

    Args:
        classes: `[N]`.
        fault_weight: The share.

    Example:
        >>> class_weights(np.array([0, 0, 0, 0, 2]), 0.5).tolist()
        [1.0, 1.0, 1.0, 1.0, 2.0]
    """
    counts = np.bincount(classes)
    by_class = fault_weight * counts[NORMAL] / np.maximum(counts, 1)
    by_class[NORMAL] = 1
    return by_class[classes]
